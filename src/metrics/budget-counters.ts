import type { BudgetTallies } from './budget-tallies.js';
import type { BudgetTally } from './budget-tally.js';
import type { Exposition, Labels } from './exposition.js';

type NumberOf = {
  [K in keyof BudgetTally]: BudgetTally[K] extends number ? K : never;
}[keyof BudgetTally];
type MapOf = {
  [K in keyof BudgetTally]: BudgetTally[K] extends ReadonlyMap<string, number> ? K : never;
}[keyof BudgetTally];

/** By budget. Each says in its help what one of it is. */
const TOTALS: readonly (readonly [string, NumberOf, string])[] = [
  ['grants_total', 'grants', 'Slots granted; a repeated request that gets its lease again is not counted.'],
  ['denied_requests_total', 'denials', 'Requests for a slot that were answered with a denial.'],
  ['renewals_total', 'renewals', 'Leases renewed.'],
  ['releases_total', 'releases', 'Slots given back.'],
  ['expiries_total', 'expiries', 'Leases that ran out: AIs that crashed or hang.'],
  ['revocations_total', 'revocations', 'Leases that an operator ended.'],
  [
    'replays_total',
    'replays',
    'Repeated requests that got the first answer: answers lost on their way, or clients that repeat too early.',
  ],
  ['used_tokens_total', 'usedTokens', 'Tokens reported, as charged. Adjustments are not counted.'],
  ['late_tokens_total', 'lateTokens', 'Of the tokens reported, those on a lease that was over already.'],
  [
    'presumed_tokens_total',
    'presumedTokens',
    'Tokens presumed spent when a lease expired, was revoked, or was released so.',
  ],
  ['overrun_tokens_total', 'overrunTokens', 'Tokens reported above the reservation of their lease.'],
  [
    'unpriced_reports_total',
    'unpricedReports',
    'Reports charged by `token_weights`, since `token_weights_by_model` has entries and none for their model.',
  ],
  ['lost_races_total', 'lostRaces', 'Commits that another replica overtook; they were decided again.'],
  [
    'unknown_outcomes_total',
    'unknownOutcomes',
    'Commits whose answer did not come; whether they were applied was found out by looking.',
  ],
];

const BY_LABEL: readonly (readonly [string, MapOf, 'rule' | 'outcome', string])[] = [
  [
    'denials_total',
    'denialsByRule',
    'rule',
    'Denials by the rule that refused; one that several rules refuse counts for each of them.',
  ],
  [
    'observed_denials_total',
    'observedByRule',
    'rule',
    'Grants that the rule would have refused, of a budget in mode OBSERVE.',
  ],
  ['alerts_total', 'alerts', 'rule', 'Alerts raised, by their rule.'],
  [
    'calls_total',
    'callsByOutcome',
    'outcome',
    'Calls reported, once each, by how they ended: `ok` or `failed`.',
  ],
];

export function exposeBudgetCounters(exposition: Exposition, tallies: BudgetTallies, byAi: boolean): void {
  for (const [name, key, help] of TOTALS) {
    exposition.counter({ name, help, labels: ['budget'] }, () =>
      each(tallies, (tally, budget) => [[{ budget }, tally[key]]]),
    );
  }
  for (const [name, key, label, help] of BY_LABEL) {
    exposition.counter({ name, help, labels: ['budget', label] }, () =>
      each(tallies, (tally, budget) =>
        [...tally[key]].map(([value, count]) => [{ budget, [label]: value }, count]),
      ),
    );
  }
  exposition.histogram({ name: 'batch_requests', help: 'Requests that were decided together.' }, () => [
    [{}, tallies.shared.batches],
  ]);
  exposition.histogram(
    { name: 'commit_duration_seconds', help: 'How long a commit took that won, from sending to durable.' },
    () => [[{}, tallies.shared.commits]],
  );
  if (byAi) exposeAiCounters(exposition, tallies);
}

function exposeAiCounters(exposition: Exposition, tallies: BudgetTallies): void {
  for (const [name, key, help] of [
    ['ai_grants_total', 'grants', 'Slots granted, by AI.'],
    ['ai_denied_requests_total', 'denials', 'Requests for a slot that were denied, by AI.'],
    ['ai_used_tokens_total', 'usedTokens', 'Tokens reported, as charged, by AI.'],
    ['ai_calls_total', 'calls', 'Calls reported, those that failed included, by AI.'],
  ] as const) {
    exposition.counter({ name, help, labels: ['budget', 'ai'] }, () =>
      each(tallies, (tally, budget) => [...tally.ais].map(([ai, counts]) => [{ budget, ai }, counts[key]])),
    );
  }
}

function* each(
  tallies: BudgetTallies,
  read: (tally: BudgetTally, budget: string) => Iterable<readonly [Labels, number]>,
): Iterable<readonly [Labels, number]> {
  for (const [budget, tally] of tallies.all()) yield* read(tally, budget);
}
