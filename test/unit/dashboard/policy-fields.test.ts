import { describe, expect, it } from 'vitest';
import { fieldText, fieldValue } from '../../../dashboard/policy-fields.js';
import { readPolicy } from '../../../src/config/policy-shape.js';
import type { PolicyFields } from '../../../src/domain/model/policy.js';
import { POLICY_ROWS } from '../../../src/domain/policy/policy-fields.js';
import { tidyPolicy } from '../../../src/domain/policy/policy-update.js';
import { FORM_GROUPS, policyForm } from '../../../src/http/dashboard/policy-form.js';

const FIELDS = FORM_GROUPS.flatMap(({ fields }) => fields);

describe('the form of a policy', () => {
  it('has every field once', () => {
    expect(FIELDS.map(({ name }) => name).sort()).toEqual(POLICY_ROWS.map(([, { name }]) => name).sort());
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
          ['__proto__', 1],
          ['a:b', 2],
          ['guardian', 50],
        ],
        tokenWeights: { input: 10, cacheRead: 0.5 },
        tokenWeightsByModel: [
          ['gpt-4.1', { output: 500 }],
          ['qwen:7b', { input: 1, reasoning: 2 }],
        ],
        ...{ onExpiry: 'REFUND', timeZone: 'Europe/Berlin', fallbackBudgetIds: ['a', 'b'] },
      },
    ],
  ])('loses nothing between the service and its texts: %s', (_, policy) => {
    const sent = policyForm(policy);
    const texts = FIELDS.map(({ name, kind }) => [name, kind, fieldText(kind, sent[name])] as const);
    const back = texts
      .map(([name, kind, text]) => [name, fieldValue(kind, text)] as const)
      .filter(([, value]) => value !== undefined);
    const read = readPolicy(JSON.parse(JSON.stringify(Object.fromEntries(back))));
    expect('fields' in read && tidyPolicy(read.fields)).toEqual(tidyPolicy(policy));
  });

  it.each([
    ['tokens', '1_000', 1_000],
    ['tokens', '33.3 %', 33.3],
    ['tokens', 'many', 'many'],
    ['tokens', '  ', undefined],
    ['budgets', 'a, b\nc', ['a', 'b', 'c']],
    ['shares-by-ai', 'guardian', { guardian: '' }],
    ['weights', 'input_percent: ten', { input_percent: 'ten' }],
  ] as const)('%s: %j', (kind, text, value) => {
    expect(fieldValue(kind, text)).toEqual(value);
  });
});
