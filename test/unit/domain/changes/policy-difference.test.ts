import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { policyDifference, undoOf } from '../../../../src/domain/changes/policy-difference.js';
import type { PolicyFields } from '../../../../src/domain/model/policy.js';
import { tidyPolicy, updatePolicy } from '../../../../src/domain/policy/policy-update.js';
import { presetOf } from '../../../../src/domain/policy/presets.js';

const TEAMS: PolicyFields = {
  teams: [
    ['left', { aiIds: ['a'], maxConcurrent: 1 }],
    ['right', { aiIds: ['b'] }],
  ],
};

describe('policyDifference', () => {
  it.each<[string, PolicyFields, PolicyFields, object]>([
    ['nothing', { cooldownMs: 5 }, { cooldownMs: 5 }, { fields: [], before: {}, after: {} }],
    [
      'a number, and one that goes back to its default',
      { maxConcurrent: 2, cooldownMs: 5, pacing: 'NONE' },
      { maxConcurrent: 3, pacing: 'NONE' },
      {
        fields: ['cooldownMs', 'maxConcurrent'],
        before: { cooldownMs: 5, maxConcurrent: 2 },
        after: { maxConcurrent: 3 },
      },
    ],
    [
      'the entries of a map that differ, and no other',
      TEAMS,
      { teams: [['left', { aiIds: ['a'], maxConcurrent: 9 }], ...(TEAMS.teams ?? []).slice(1), ['web', {}]] },
      {
        fields: ['teams'],
        before: { teams: [['left', { aiIds: ['a'], maxConcurrent: 1 }]] },
        after: {
          teams: [
            ['left', { aiIds: ['a'], maxConcurrent: 9 }],
            ['web', {}],
          ],
        },
      },
    ],
    [
      'the preset, which is no field',
      {},
      { preset: presetOf('CALLS') },
      { fields: [], before: {}, after: { preset: presetOf('CALLS') } },
    ],
  ])('is %s', (_, before, after, expected) => {
    const difference = policyDifference(tidyPolicy(before), tidyPolicy(after));
    expect({ ...difference, fields: [...difference.fields].sort() }).toEqual(expected);
  });
});

describe('undoOf', () => {
  const share = fc.integer({ min: 1, max: 100 });
  const policies = fc.record(
    {
      maxConcurrent: fc.integer({ min: 1, max: 9 }),
      pacing: fc.constantFrom('NONE' as const, 'EVEN' as const),
      maxDailyPercentByAi: fc
        .uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c'), share), { selector: ([name]) => name })
        .map((entries) => entries as [string, number][]),
      tokenWeights: fc.record({ input: share, total: share }, { requiredKeys: [] }),
    },
    { requiredKeys: [] },
  );

  it('puts the policy before back, whatever it was', () => {
    fc.assert(
      fc.property(policies, policies, (one, other) => {
        const [before, after] = [tidyPolicy(one as PolicyFields), tidyPolicy(other as PolicyFields)];
        const { fields, mask } = undoOf(policyDifference(before, after), after);
        expect(updatePolicy(after, fields, mask)).toEqual(before);
      }),
    );
  });

  it('keeps what others have changed since, in other fields and in other entries of a map', () => {
    const after = { ...TEAMS, maxConcurrent: 3 };
    const change = policyDifference(TEAMS, {
      ...after,
      teams: [...(TEAMS.teams ?? []), ['web', { aiIds: ['w'] }]],
    });
    const current: PolicyFields = {
      cooldownMs: 7,
      maxConcurrent: 4,
      teams: [
        ['left', { aiIds: ['changed'] }],
        ['web', { aiIds: ['w'] }],
      ],
    };
    const { fields, mask } = undoOf(change, current);
    expect(updatePolicy(current, fields, mask)).toEqual({
      cooldownMs: 7,
      teams: [['left', { aiIds: ['changed'] }]],
    });
  });

  it('names the preset before, also where none had been chosen', () => {
    const calls = { preset: presetOf('CALLS') };
    expect(undoOf(policyDifference({}, calls), calls)).toMatchObject({ mask: [], preset: 'WORK_SESSIONS' });
    expect(undoOf(policyDifference(calls, {}), {})).toMatchObject({ preset: 'CALLS' });
    expect(undoOf(policyDifference({ cooldownMs: 1 }, {}), {})).not.toHaveProperty('preset');
  });
});
