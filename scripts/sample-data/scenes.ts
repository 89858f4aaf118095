import type { PolicyFields } from '../../src/domain/model/policy.js';

const HOUR = 3_600_000;

/** A model, with its part of the calls, and what a million tokens of it cost in dollars where that is asked for. */
export interface SampleModel {
  readonly name: string;
  readonly part: number;
  readonly inputPrice?: number;
  readonly outputPrice?: number;
}

export interface Scene {
  readonly budgetId: string;
  readonly policy: PolicyFields;
  readonly ais: readonly string[];
  readonly models: readonly SampleModel[];
  /** Calls in an hour, on average. */
  readonly callsAnHour: number;
  /** What its AIs want in a month, on average, as the budget counts. */
  readonly monthAmount: number;
  /** What a day of a week-end wants of that of a working day. */
  readonly weekEnd: number;
  /** How far days lie apart: the spread of the logarithm. */
  readonly spreadOfDays: number;
  /** What happens at its end. */
  readonly ending: 'BUSY' | 'NEARLY_OUT' | 'OBSERVED' | 'PAUSED';
}

const CALLS: PolicyFields = {
  ...{ cooldownMs: 0, maxConcurrent: 40, maxConcurrentPerAi: 8, maxLeaseDurationMs: 24 * HOUR },
  ...{ enforcedPercent: 90, minDailyPercent: 1 },
};

const ANTHROPIC: Scene = {
  budgetId: 'anthropic',
  policy: {
    ...CALLS,
    ...{ monthlyLimit: 24_000_000, maxDailyPercent: 8, maxHourlyPercent: 1, pacing: 'EVEN' },
    teams: [
      ['data', { aiIds: ['data/*'], maxDailyPercent: 35 }],
      [
        'review',
        { aiIds: ['guardian', 'reviewer', 'linter', 'auditor'], guaranteedPercent: 10, maxDailyPercent: 40 },
      ],
      ['support', { aiIds: ['support/*'], guaranteedPercent: 20, weight: 2 }],
      ['web', { aiIds: ['web/*'], maxDailyPercent: 40 }],
    ],
    models: [['claude-opus-*', { maxDailyPercent: 40 }]],
    fallbackBudgetIds: ['openai', 'gemini'],
  },
  ais: [
    ...['guardian', 'reviewer', 'linter', 'auditor', 'imperium', 'conquest', 'sandbox', 'scribe'],
    ...['web/builder', 'web/tester', 'web/designer', 'web/copywriter', 'web/accessibility', 'web/translator'],
    ...['data/loader', 'data/analyst', 'data/cleaner', 'data/labeller', 'data/forecaster', 'data/reporter'],
    ...['support/triage', 'support/answers', 'support/summaries', 'support/escalations', 'support/feedback'],
    'support/night',
  ],
  models: [
    { name: 'claude-sonnet-4-5', part: 0.62 },
    { name: 'claude-haiku-4-5', part: 0.23 },
    { name: 'claude-opus-4-5', part: 0.15 },
  ],
  ...{ callsAnHour: 12, monthAmount: 18_500_000, weekEnd: 0.45, spreadOfDays: 0.18, ending: 'BUSY' },
};

const OPENAI_MODELS = [
  { name: 'gpt-5-mini', part: 0.6, inputPrice: 0.25, outputPrice: 2 },
  { name: 'gpt-5', part: 0.3, inputPrice: 1.25, outputPrice: 10 },
  { name: 'o4-mini', part: 0.1, inputPrice: 1.1, outputPrice: 4.4 },
] as const;

const OPENAI: Scene = {
  budgetId: 'openai',
  policy: {
    ...CALLS,
    ...{ unit: 'USD', pacing: 'NONE', maxDailyPercent: 12, maxHourlyPercent: 3 },
    ...{ minReservation: 10_000, defaultReservation: 200_000 },
    tokenWeightsByModel: OPENAI_MODELS.map(({ name, inputPrice, outputPrice }) => [
      name,
      { input: Math.round(100 * inputPrice), output: Math.round(100 * outputPrice) },
    ]),
    teams: [
      ['search', { aiIds: ['search/*'], maxMonthlyPercent: 60 }],
      ['studio', { aiIds: ['studio/*'] }],
    ],
    fallbackBudgetIds: ['gemini'],
  },
  ais: [
    ...[
      'search/ranker',
      'search/rewriter',
      'search/indexer',
      'search/answers',
      'search/suggest',
      'search/spelling',
    ],
    ...['studio/storyboard', 'studio/captions', 'studio/voice', 'studio/dubbing', 'studio/thumbnails'],
    ...[
      'planner',
      'scheduler',
      'concierge',
      'librarian',
      'tutor',
      'quizmaster',
      'recruiter',
      'interviewer',
      'notary',
    ],
  ],
  models: OPENAI_MODELS,
  ...{ callsAnHour: 9, monthAmount: 1_800_000_000, weekEnd: 0.5, spreadOfDays: 0.2, ending: 'NEARLY_OUT' },
};

const MISTRAL: Scene = {
  budgetId: 'mistral',
  policy: {
    ...CALLS,
    ...{
      monthlyLimit: 9_000_000,
      mode: 'OBSERVE',
      pacing: 'FLOOR',
      maxDailyPercent: 6,
      maxHourlyPercent: 0.8,
    },
    timeZone: 'Europe/Paris',
  },
  ais: [
    ...['scout', 'pilot', 'navigator', 'quartermaster', 'courier', 'harbour', 'lighthouse', 'boatswain'],
    ...['cartographer', 'surveyor', 'astronomer', 'engineer', 'carpenter', 'cook', 'surgeon', 'purser'],
  ],
  models: [
    { name: 'mistral-medium-3', part: 0.5 },
    { name: 'codestral-2', part: 0.35 },
    { name: 'ministral-8b', part: 0.15 },
  ],
  ...{ callsAnHour: 6, monthAmount: 6_000_000, weekEnd: 0.12, spreadOfDays: 0.75, ending: 'OBSERVED' },
};

const GEMINI: Scene = {
  budgetId: 'gemini',
  policy: {
    ...CALLS,
    ...{ monthlyLimit: 14_000_000, pacing: 'EVEN', maxDailyPercent: 8, maxHourlyPercent: 1 },
  },
  ais: [
    ...['meteorologist', 'botanist', 'geologist', 'chemist', 'physicist', 'historian', 'linguist'],
    ...['economist', 'statistician', 'philosopher', 'archivist', 'curator', 'illustrator'],
  ],
  models: [
    { name: 'gemini-2.5-flash', part: 0.7 },
    { name: 'gemini-2.5-pro', part: 0.3 },
  ],
  ...{ callsAnHour: 5, monthAmount: 8_000_000, weekEnd: 0.6, spreadOfDays: 0.15, ending: 'PAUSED' },
};

/** 75 AIs in all. */
export const SCENES: readonly Scene[] = [ANTHROPIC, OPENAI, MISTRAL, GEMINI];
