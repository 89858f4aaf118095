import { describe, expect, it } from 'vitest';
import type { SinkSettings } from '../../../src/alerts/sink-settings.js';
import type { Config } from '../../../src/config/config.js';
import { METRICS_DEFAULTS } from '../../../src/config/metrics-file.js';
import { restartChanges } from '../../../src/config/restart-changes.js';

const SECRET = 'whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQ=';
const hook: SinkSettings = {
  ...{ name: 'hook', kind: 'webhook', url: 'https://hooks.example.org/T0KEN', secret: SECRET },
  ...{ rules: ['CRITICAL'], budgets: ['*'] },
};
const CREDENTIALS = { tokens: [], certificates: [], jwt: [] };
const TLS = { cert: '/tls/a.pem', key: '/tls/a.key' };

type Part = Parameters<typeof restartChanges>[0];
const BEFORE: Part = {
  budgets: [{ budgetId: 'anthropic', fields: { monthlyLimit: 1_000, cooldownMs: 1_000 } }],
  alertSinks: [hook],
  metrics: METRICS_DEFAULTS,
  credentials: CREDENTIALS,
  tls: TLS,
};

describe('what a restart would change', () => {
  it.each<[string, Partial<Config>, readonly string[]]>([
    ['nothing', {}, []],
    [
      'a budget more',
      { budgets: [...BEFORE.budgets, { budgetId: 'openai', fields: {} }] },
      ['add budget openai, unless the store has one of that name'],
    ],
    ['a budget less', { budgets: [] }, ['leave budget anthropic as it is, which the file no longer names']],
    [
      'other fields of a budget',
      { budgets: [{ budgetId: 'anthropic', fields: { monthlyLimit: 2_000, minDailyPercent: 1 } }] },
      [
        'not change monthly_limit, min_daily_percent, cooldown of budget anthropic: ' +
          'the stored policy stays in force, UpdateBudget changes it',
      ],
    ],
    [
      'a sink more',
      { alertSinks: [hook, { ...hook, name: 'ops', kind: 'slack', url: 'https://hooks.slack.com/s3cret' }] },
      ['add alert sink ops (slack at hooks.slack.com)'],
    ],
    ['a sink less', { alertSinks: [] }, ['remove alert sink hook']],
    [
      'another address and secret of a sink',
      { alertSinks: [{ ...hook, url: 'https://hooks.example.org/0THER', secret: `${SECRET}A` }] },
      ['change url, secret of alert sink hook'],
    ],
    ['AIs with series', { metrics: { ...METRICS_DEFAULTS, aiLabels: ['a'] } }, ['change metrics.ai_labels']],
    [
      'budgets with series',
      { metrics: { ...METRICS_DEFAULTS, maxBudgets: 9 } },
      ['change metrics.max_budgets'],
    ],
    ['another key', { tls: { ...TLS, key: '/tls/b.key' } }, ['change tls.key']],
    ['certificates of clients', { tls: { ...TLS, clientCa: '/c' } }, ['change credentials.mtls.client_ca']],
  ])('%s', (_what, now, expected) => {
    const changes = restartChanges(BEFORE, { ...BEFORE, ...now });
    expect(changes).toEqual(expected);
    expect(changes.join()).not.toMatch(/T0KEN|0THER|s3cret|whsec/);
  });

  it('says that credentials and TLS come or go', () => {
    const { credentials: _c, tls: _t, ...open } = BEFORE;
    expect(restartChanges(open, BEFORE)).toEqual([
      'ask for credentials: until then everybody may do everything',
      'serve with TLS, by /tls/a.pem',
    ]);
    expect(restartChanges(BEFORE, open)).toEqual([
      'serve without credentials, if it may',
      'serve without TLS',
    ]);
  });
});
