import { describe, expect, it } from 'vitest';
import { jsonName } from '../../../dashboard/api-json.js';
import { amountIn, fieldText, fieldValue, shownValue } from '../../../dashboard/policy-fields.js';
import { methodAt } from '../../../src/api/codec/descriptors.js';
import { jsonOfBytes } from '../../../src/api/codec/json-of-bytes.js';
import { encoded } from '../../../src/api/codec/wire.js';
import { readCreate } from '../../../src/api/read/budget-requests.js';
import { budgetMessage } from '../../../src/api/write/budget.js';
import type { PolicyFields } from '../../../src/domain/model/policy.js';
import { POLICY_FIELDS, POLICY_GROUPS, POLICY_ROWS } from '../../../src/domain/policy/policy-fields.js';
import { rangeViolations } from '../../../src/domain/policy/policy-ranges.js';
import { tidyPolicy } from '../../../src/domain/policy/policy-update.js';
import {
  CreateBudgetRequest,
  GetBudgetResponse,
} from '../../../src/gen/budgetarbiter/v1/budget_admin_service.js';
import { bytesOfJson } from '../../../src/http/connect/json-message.js';
import { POLICY_FORM } from '../../../src/http/dashboard/policy-form.js';
import { budget } from '../../support/samples.js';

const ADMIN = '/budgetarbiter.v1.BudgetAdminService';
const { groups, fields: FIELDS } = POLICY_FORM;

/** What the API says is set, as it says it over HTTP. */
function sentPolicy(policy: PolicyFields): Readonly<Record<string, unknown>> {
  const message = { budget: budgetMessage({ ...budget(), policyFields: policy }), warnings: [] };
  const json = jsonOfBytes(methodAt(`${ADMIN}/GetBudget`).output, encoded(GetBudgetResponse, message));
  return (json['budget'] as { policy: Record<string, unknown> }).policy;
}

/** What the API makes of the texts of the form. */
function readTexts(texts: (readonly [name: string, text: string])[]): PolicyFields {
  const pairs = texts.map(([name, text]) => {
    const field = FIELDS.find((candidate) => candidate.name === name);
    return [name, field && fieldValue(field, text)] as const;
  });
  const policy = JSON.parse(JSON.stringify(Object.fromEntries(pairs)));
  const bytes = bytesOfJson(methodAt(`${ADMIN}/CreateBudget`).input, { budgetId: 'a', policy });
  return tidyPolicy(readCreate(CreateBudgetRequest.decode(bytes)).request.fields);
}

describe('the form of a policy', () => {
  it('has every field of the table once, in a group that there is, with its help', () => {
    expect(FIELDS.map(({ name, help, group }) => [name, help, group])).toEqual(
      POLICY_ROWS.map(([, { name, help, group }]) => [name, help, group]),
    );
    for (const { group } of FIELDS) expect(groups).toContain(group);
    expect(groups).toEqual(POLICY_GROUPS);
  });

  it('says the limits of the table, and its defaults as the API would send them', () => {
    const of = (name: string) => FIELDS.find((field) => field.name === name);
    expect(of('max_concurrent')).toMatchObject({ limits: '1 to 1,000', default: 2 });
    expect(of('lease_ttl')).toMatchObject({ limits: '1 s to 24 h', default: '120s' });
    expect(of('pacing')).toMatchObject({ default: 'PACING_FLOOR', values: ['NONE', 'FLOOR', 'EVEN'] });
    for (const field of FIELDS) {
      if (field.default === undefined) continue;
      const read = readTexts([[field.name, fieldText(field, field.default)]]);
      const [key, row] = POLICY_ROWS.find(([, { name }]) => name === field.name) ?? [];
      expect([field.name, key && read[key]]).toEqual([field.name, row && 'default' in row && row.default]);
    }
    expect(rangeViolations({ maxConcurrent: POLICY_FIELDS.maxConcurrent.most + 1 })).toHaveLength(1);
  });

  it.each<[string, PolicyFields]>([
    ['nothing', {}],
    [
      'everything',
      {
        ...{
          monthlyLimit: 5,
          enforcedPercent: 33.3,
          maxDailyPercent: 0.0001,
          pacing: 'EVEN',
          mode: 'OBSERVE',
        },
        ...{ cooldownMs: 90_000, leaseTtlMs: 1_500, sessionGraceMs: 0, maxLeaseDurationMs: 86_400_000 },
        maxDailyPercentByAi: [
          ['a:b', 2],
          ['guardian', 50],
        ],
        teams: [
          ['ops', { aiIds: ['guardian'], guaranteedPercent: 40, weight: 2.5 }],
          ['web', { aiIds: ['a,b', 'web:*'], maxHourlyPercent: 50, maxConcurrent: 3 }],
        ],
        models: [
          ['*', {}],
          ['qwen:*', { maxDailyPercent: 20.5, maxConcurrent: 1 }],
        ],
        tokenWeights: { input: 10, cacheRead: 0.5 },
        tokenWeightsByModel: [
          ['gpt-4.1', { output: 500 }],
          ['qwen:7b', { input: 1, reasoning: 2 }],
        ],
        ...{ onExpiry: 'REFUND', timeZone: 'Europe/Berlin', fallbackBudgetIds: ['a', 'b'] },
      },
    ],
  ])('loses nothing between the API and its texts: %s', (_, policy) => {
    const sent = sentPolicy(policy);
    const texts = FIELDS.map((field) => [field.name, fieldText(field, sent[jsonName(field.name)])] as const);
    expect(readTexts(texts)).toEqual(tidyPolicy(policy));
  });

  it('shows amounts in what the budget counts', () => {
    const limit = { name: 'monthly_limit', kind: 'tokens' } as const;
    expect(shownValue(limit, '1240000')).toBe('1,240,000');
    expect(shownValue(limit, '1240000', 'USD')).toBe('$1.24');
    expect(shownValue({ name: 'max_concurrent', kind: 'count' }, 2_000, 'USD')).toBe('2,000');
  });

  it('shows an entry that only CONFIG_FILE can make, and does not lose it without a word', () => {
    const policy: PolicyFields = {
      maxDailyPercentByAi: [
        ['__proto__', 1],
        ['guardian', 50],
      ],
    };
    const field = FIELDS.find(({ name }) => name === 'max_daily_percent_by_ai');
    const text = field && fieldText(field, sentPolicy(policy)['maxDailyPercentByAi']);
    expect(text).toBe('__proto__: 1\nguardian: 50');
    expect(() => readTexts([['max_daily_percent_by_ai', text ?? '']])).toThrow(
      expect.objectContaining({
        complaint: {
          reason: 'INVALID_FIELD',
          violations: [
            {
              field: 'policy.max_daily_percent_by_ai["__proto__"]',
              description: 'this key is reserved; use another',
            },
          ],
        },
      }),
    );
  });

  it.each([
    ['monthly_limit', '1_000', 1_000],
    ['enforced_percent', '33.3 %', 33.3],
    ['monthly_limit', 'many', 'many'],
    ['monthly_limit', '  ', undefined],
    ['fallback_budget_ids', 'a, b\nc', ['a', 'b', 'c']],
    ['alert_percents', '50, 80% 95', [50, 80, 95]],
    ['max_daily_percent_by_ai', 'guardian', { guardian: '' }],
    ['token_weights', 'input_percent: ten', { input_percent: 'ten' }],
    ['teams', 'web: web/* reviewer', { web: { ai_ids: ['web/*', 'reviewer'] } }],
    ['teams', 'web: a,max_concurrent 2', { web: { ai_ids: ['a'], max_concurrent: 2 } }],
    ['models', 'qwen:7b: max_daily_percent ten', { 'qwen:7b': { max_daily_percent: 'ten' } }],
    ['pacing', 'EVEN', 'PACING_EVEN'],
    ['on_expiry', 'REFUND', 'ON_EXPIRY_REFUND'],
    ['cooldown', '90s', '90s'],
    ['cooldown', '1.1h', '3960s'],
    ['cooldown', '500ms', '0.5s'],
    ['cooldown', '0.0001ms', '0s'],
    ['cooldown', 'soon', 'soon'],
  ])('sends %s: %j as the API has it', (name, text, value) => {
    const field = FIELDS.find((candidate) => candidate.name === name);
    expect(field && fieldValue(field, text)).toEqual(value);
  });

  it.each([
    ['cooldown', '90s', '90 s'],
    ['lease_ttl', '0.500s', '0.5 s'],
    ['pacing', 'PACING_EVEN', 'EVEN'],
    ['monthly_limit', '200000', '200,000'],
    ['min_daily_percent', 0.0001, '0.0001%'],
    ['max_daily_percent_by_ai', undefined, 'none'],
    [
      'token_weights_by_model',
      { 'gpt-4.1': { cacheReadPercent: 10, outputPercent: 500 } },
      'gpt-4.1 (cache_read_percent 10, output_percent 500)',
    ],
    [
      'teams',
      { web: { aiIds: ['web/*', 'reviewer'], maxDailyPercent: 30 } },
      'web (web/* reviewer, max_daily_percent 30)',
    ],
    ['models', { '*': { maxConcurrent: 2 } }, '* (max_concurrent 2)'],
    ['fallback_budget_ids', ['a', 'b'], 'a, b'],
    ['alert_percents', [50, 80], '50, 80'],
    ['time_zone', 'UTC', 'UTC'],
  ])('shows %s: %j to a person', (name, value, text) => {
    const field = FIELDS.find((candidate) => candidate.name === name);
    expect(field && shownValue(field, value)).toBe(text);
  });
});

it.each([
  ['50000', false, '50000'],
  ['50_000', false, '50000'],
  ['50,000', false, '50000'],
  ['50.000', false, '50000'],
  ['1.5 M', false, '1500000'],
  ['1,5M', false, '1500000'],
  ['2k', false, '2000'],
  ['1,234,567', false, '1234567'],
  ['12.50', true, '12500000'],
  ['1,000', true, '1000000000'],
  ['many', false, 'many'],
  ['', false, ''],
])('an amount typed as %j (money: %j) is %j', (text, isMoney, amount) => {
  expect(amountIn(text, isMoney)).toBe(amount);
});
