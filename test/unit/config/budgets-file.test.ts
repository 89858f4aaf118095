import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseBudgetsFile, readBudgetsFile } from '../../../src/config/budgets-file.js';
import { presetOf } from '../../../src/domain/policy/presets.js';

function lines(text: string): string[] {
  return parseBudgetsFile('budgets.yaml', text).problems.map(({ place, message }) => `${place}: ${message}`);
}

describe('a file of budgets', () => {
  it('turns the names of the API into a policy', () => {
    const { budgets, problems } = parseBudgetsFile(
      'budgets.yaml',
      `
budgets:
  openai:
  anthropic:
    monthly_limit: 300000
    max_hourly_percent: 0.25
    pacing: EVEN
    mode: OBSERVE
    cooldown: 5m
    lease_ttl: 90s
    session_grace: 500ms
    on_expiry: REFUND
    max_daily_percent_by_ai: {sandbox: 25, guardian: 50, __proto__: 10}
    token_weights: {cache_read_percent: 10}
    token_weights_by_model:
      gpt-4.1: {input_percent: 200, output_percent: 12.5}
    teams:
      web: {ai_ids: ['web/*', reviewer], max_daily_percent: 30, max_concurrent: 2}
    models:
      'claude-opus-*': {max_monthly_percent: 20}
    time_zone: Europe/Berlin
    fallback_budget_ids: [openai]
    alert_percents: [50, 80, 95]
`,
    );
    expect(problems).toEqual([]);
    expect(budgets).toEqual([
      {
        budgetId: 'anthropic',
        fields: {
          monthlyLimit: 300_000,
          maxHourlyPercent: 0.25,
          pacing: 'EVEN',
          mode: 'OBSERVE',
          cooldownMs: 300_000,
          leaseTtlMs: 90_000,
          sessionGraceMs: 500,
          onExpiry: 'REFUND',
          maxDailyPercentByAi: [
            ['__proto__', 10],
            ['guardian', 50],
            ['sandbox', 25],
          ],
          tokenWeights: { cacheRead: 10 },
          tokenWeightsByModel: [['gpt-4.1', { input: 200, output: 12.5 }]],
          teams: [['web', { aiIds: ['web/*', 'reviewer'], maxDailyPercent: 30, maxConcurrent: 2 }]],
          models: [['claude-opus-*', { maxMonthlyPercent: 20 }]],
          timeZone: 'Europe/Berlin',
          fallbackBudgetIds: ['openai'],
          alertPercents: [50, 80, 95],
        },
      },
      { budgetId: 'openai', fields: {} },
    ]);
  });

  it.each([
    ['nothing', ''],
    ['a comment', '# later\n'],
    ['no budgets', 'budgets: {}'],
  ])('may hold %s', (_name, text) => {
    expect(parseBudgetsFile('budgets.yaml', text)).toEqual({ budgets: [], problems: [], warnings: [] });
  });

  it('names every mistake with its place and what would be right, in order', () => {
    const text = `
budgets:
  anthropic:
    monthly_limit: -3
    cooldwn: 5m
    pacing: floor
    lease_ttl: 120
    max_daily_percent_by_ai: {guardian: lots}
    token_weights: {input: 100}
    fallback_budget_ids: [a, B]
    max_concurrent:
    teams: {web: {ai_id: [x], max_daily: 5}}
    models: {opus: {weight: 2}}
  Bad: {}
  other: 5
sinks: []
`;
    expect(lines(text)).toEqual([
      'budgets.yaml:4:20: budgets.anthropic.monthly_limit: must be a whole number from 1 to 1,000,000,000,000; it is -3',
      'budgets.yaml:5:5: budgets.anthropic.cooldwn: no such setting; did you mean cooldown?',
      'budgets.yaml:6:13: budgets.anthropic.pacing: "floor" is not one of NONE, FLOOR, EVEN',
      'budgets.yaml:7:16: budgets.anthropic.lease_ttl: 120 is not a duration such as 500ms, 2s, 5m, 1h or 1d',
      'budgets.yaml:8:41: budgets.anthropic.max_daily_percent_by_ai.guardian: "lots" is not a percentage: a number such as 0.5',
      expect.stringMatching(
        /^budgets.yaml:9:21: .*token_weights.input: no such setting; known here: input_percent, /,
      ),
      expect.stringMatching(
        /^budgets.yaml:10:30: budgets.anthropic.fallback_budget_ids\[1\]: a budget id is /,
      ),
      'budgets.yaml:11:5: budgets.anthropic.max_concurrent: nothing is not a whole number',
      'budgets.yaml:12:19: budgets.anthropic.teams.web.ai_id: no such setting; did you mean ai_ids?',
      expect.stringMatching(
        /^budgets.yaml:12:31: .*teams.web.max_daily: no such setting; known here: ai_ids, max_hourly_percent, /,
      ),
      expect.stringMatching(
        /^budgets.yaml:13:21: .*models.opus.weight: no such setting; known here: max_hourly_percent, /,
      ),
      expect.stringMatching(/^budgets.yaml:14:3: budgets.Bad: "Bad" is not a budget id: 1 to 63 characters/),
      'budgets.yaml:15:10: budgets.other: 5 is not a map of settings such as monthly_limit',
      'budgets.yaml:16:1: sinks: no such setting; known here: alert_sinks, budgets, credentials, metrics, tls',
    ]);
  });

  it('places a rule of the policy at the field that breaks it, also where its name has dots', () => {
    const text = `
budgets:
  a: {min_daily_percent: 5}
  b:
    token_weights_by_model:
      gpt-4.1: {input_percent: 20000000}
`;
    expect(lines(text)).toEqual([
      expect.stringMatching(/^budgets.yaml:3:26: budgets.a.min_daily_percent: pacing FLOOR cannot keep/),
      expect.stringMatching(
        /^budgets.yaml:6:32: budgets.b.token_weights_by_model\["gpt-4.1"\].input_percent: must be 0 to 10,000,000/,
      ),
    ]);
  });

  it('places a mistake that an alias brings in', () => {
    const text = 'budgets:\n  a: &base {cooldown: 99d}\n  b: *base\n';
    expect(lines(text)).toEqual([
      expect.stringMatching(/^budgets.yaml:2:23: budgets.a.cooldown: must be /),
      expect.stringMatching(/^budgets.yaml:2:23: budgets.b.cooldown: must be /),
    ]);
  });

  it('warns of a policy that surprises', () => {
    const { problems, warnings } = parseBudgetsFile('b.yaml', 'budgets:\n  a: {max_hourly_percent: 1}\n');
    expect(problems).toEqual([]);
    expect(warnings[0]?.place).toBe('b.yaml:2:27: budgets.a.max_hourly_percent');
  });

  it('names the preset that unset fields follow', () => {
    const { budgets, problems } = parseBudgetsFile(
      'b.yaml',
      'budgets:\n  a: {preset: CALLS, cooldown: 1s}\n',
    );
    expect(problems).toEqual([]);
    expect(budgets).toEqual([{ budgetId: 'a', fields: { preset: presetOf('CALLS'), cooldownMs: 1_000 } }]);
    expect(lines('budgets:\n  a: {preset: calls}\n')).toEqual([
      'budgets.yaml:2:15: budgets.a.preset: "calls" is not one of WORK_SESSIONS, CALLS',
    ]);
  });

  it.each([
    ['a list', '- a', 'b.yaml:1:1: a list is not a map with the key "budgets"'],
    ['a word', 'hello', 'b.yaml:1:1: "hello" is not a map with the key "budgets"'],
    [
      'budgets as a list',
      'budgets: [a]',
      'b.yaml:1:10: budgets: a list is not a map from budget ids to policies',
    ],
  ])('refuses %s', (_name, text, line) => {
    const { problems } = parseBudgetsFile('b.yaml', text);
    expect(problems.map(({ place, message }) => `${place}: ${message}`)).toEqual([line]);
  });

  it.each([
    ['a key twice', 'budgets:\n  a: {}\n  a: {}\n', /^b.yaml:3:3$/],
    ['an open bracket', 'budgets: {a: [\n', /^b.yaml:\d+:\d+$/],
    ['a tab as indentation', 'budgets:\n\ta: {}\n', /^b.yaml:2:1$/],
    ['an unknown alias', 'budgets: *x\n', /^b.yaml:1:10$/],
    ['two documents', 'budgets: {}\n---\nbudgets: {}\n', /^b.yaml:\d+:\d+$/],
  ])('places what is not YAML: %s', (_name, text, place) => {
    const { problems } = parseBudgetsFile('b.yaml', text);
    expect(problems[0]?.place).toMatch(place);
    expect(problems[0]?.message).not.toContain('\n');
  });

  it('refuses aliases that would become a huge value', () => {
    const level = (name: string, of: string) => `${name}: &${name} [${Array(20).fill(`*${of}`).join(', ')}]`;
    const text = ['a: &a [x]', level('b', 'a'), level('c', 'b'), level('d', 'c'), level('e', 'd')].join('\n');
    expect(parseBudgetsFile('b.yaml', text).problems[0]?.message).toMatch(/alias/i);
  });

  it('says why a file cannot be read', () => {
    const folder = mkdtempSync(join(tmpdir(), 'budgets-file-'));
    try {
      const missing = join(folder, 'no.yaml');
      expect(readBudgetsFile(missing).problems).toEqual([
        { place: 'CONFIG_FILE', message: `cannot read ${JSON.stringify(missing)}: there is no such file` },
      ]);
      expect(readBudgetsFile(folder).problems[0]?.message).toMatch(/: it is a folder$/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
