import { describe, expect, it } from 'vitest';
import { Checks } from '../../../../src/api/read/checks.js';
import { readPolicy, readUpdateMask } from '../../../../src/api/read/policy.js';
import { effectivePolicyMessage, policyMessage } from '../../../../src/api/write/policy-message.js';
import { DEFAULT_POLICY, type PolicyFields, policyInForce } from '../../../../src/domain/model/policy.js';
import { POLICY_ROWS, TOKEN_WEIGHT_NAMES } from '../../../../src/domain/policy/policy-fields.js';
import { Policy } from '../../../../src/gen/budgetarbiter/v1/budget.js';

/** Through the bytes of the API and back. */
function sent(fields: PolicyFields): PolicyFields {
  const checks = new Checks();
  const message = Policy.decode(Policy.encode(policyMessage(fields)).finish());
  const read = readPolicy(checks, message);
  checks.done();
  return read;
}

const {
  maxDailyPercentByAi: _ais,
  tokenWeightsByModel: _models,
  fallbackBudgetIds: _ids,
  alertPercents: _percents,
  alertPercentsPerAi: _ofAis,
  alertPercentsPerTeam: _ofTeams,
  teams: _teams,
  models: _limits,
  ...simple
} = DEFAULT_POLICY;
const EVERYTHING: Required<Omit<PolicyFields, 'preset'>> = {
  ...simple,
  maxDailyPercentByAi: [
    ['9', 1],
    ['guardian', 25.0001],
    ['imperium', 100],
  ],
  tokenWeightsByModel: [
    ['gpt-4.1', { input: 10, total: 0 }],
    ['o3', {}],
  ],
  fallbackBudgetIds: ['openai', 'local'],
  alertPercents: [50, 80.5, 95],
  alertPercentsPerAi: [20],
  alertPercentsPerTeam: [50, 100],
  teams: [
    ['ops', { aiIds: ['guardian'], guaranteedPercent: 40, guaranteedSlots: 1, weight: 2.5 }],
    ['web', { aiIds: ['reviewer', 'web/*'], maxHourlyPercent: 50, maxConcurrent: 3 }],
  ],
  models: [
    ['*', {}],
    ['claude-opus-*', { maxDailyPercent: 20, maxMonthlyPercent: 25.5, maxConcurrent: 1 }],
  ],
};

describe('a policy', () => {
  it('survives the way through the API with every field', () => {
    expect(sent(EVERYTHING)).toEqual(EVERYTHING);
  });

  it('keeps unset what is unset, field by field', () => {
    expect(sent({})).toEqual({});
    for (const [name, value] of Object.entries(EVERYTHING))
      expect(sent({ [name]: value })).toEqual({ [name]: value });
  });

  it('has each of its fields in the message of a policy in force', () => {
    const message = effectivePolicyMessage(policyInForce({ ...EVERYTHING, tokenWeights: { input: 50 } }));
    const unset = Object.entries(message).filter(([, value]) => value === undefined);
    expect(unset).toEqual([]);
    expect(message.tokenWeightsByModel['o3']).toMatchObject({ inputPercent: 50, totalPercent: 100 });
  });

  it('has a message of a default policy that says the same', () => {
    const { maxDailyPercentByAi, tokenWeightsByModel, fallbackBudgetIds, teams, models, ...others } = sent({
      ...simple,
    }) as typeof EVERYTHING;
    const { alertPercents, alertPercentsPerAi, alertPercentsPerTeam, ...fields } = others;
    expect(fields).toEqual(simple);
    const listed = [
      ...[maxDailyPercentByAi, tokenWeightsByModel, fallbackBudgetIds, teams, models],
      ...[alertPercents, alertPercentsPerAi, alertPercentsPerTeam],
    ];
    expect(listed).toEqual(listed.map(() => undefined));
  });
});

describe('an update mask', () => {
  it('knows every field by the name of the API', () => {
    const names = [
      ...POLICY_ROWS.map(([, { name }]) => name),
      ...Object.values(TOKEN_WEIGHT_NAMES).map((name) => `token_weights.${name}`),
    ];
    const checks = new Checks();
    expect(readUpdateMask(checks, names, {})).toHaveLength(names.length);
    checks.done();
  });

  it('names a field once', () => {
    expect(readUpdateMask(new Checks(), ['cooldown', 'mode', 'cooldown'], {})).toEqual([
      'cooldownMs',
      'mode',
    ]);
  });

  it.each<[PolicyFields, string[]]>([
    [{}, []],
    [{ cooldownMs: 0, mode: 'OBSERVE' }, ['cooldownMs', 'mode']],
    [{ tokenWeights: { input: 50 }, fallbackBudgetIds: ['a'] }, ['fallbackBudgetIds', 'tokenWeights.input']],
  ])('that is absent stands for what is set: %j', (fields, paths) => {
    expect(readUpdateMask(new Checks(), undefined, fields)).toEqual(paths);
  });

  it('names everything by a star, which stands alone', () => {
    expect(readUpdateMask(new Checks(), ['*'], { mode: 'OBSERVE' })).toBe('everything');
    for (const paths of [[], ['*', 'mode'], ['cool_down']]) {
      const checks = new Checks();
      readUpdateMask(checks, paths, {});
      expect(() => checks.done()).toThrow(
        expect.objectContaining({
          complaint: expect.objectContaining({
            violations: [expect.objectContaining({ field: 'update_mask' })],
          }),
        }),
      );
    }
  });
});
