import { describe, expect, it } from 'vitest';
import {
  DEFAULT_POLICY,
  type PolicyFields,
  PRESETS,
  policyInForce,
} from '../../../../src/domain/model/policy.js';
import { policyViolations } from '../../../../src/domain/policy/policy-check.js';
import { changedPolicy } from '../../../../src/domain/policy/policy-update.js';
import { presetOf } from '../../../../src/domain/policy/presets.js';

const calls = presetOf('CALLS');
const sessions = presetOf('WORK_SESSIONS');

describe('a preset', () => {
  it('is where unset fields take their defaults from', () => {
    expect(policyInForce({ preset: calls })).toMatchObject({
      ...{ cooldownMs: 0, maxConcurrent: 200, maxConcurrentPerAi: 50, leaseTtlMs: 60_000 },
      ...{ maxLeaseDurationMs: 900_000, defaultReservation: 2_000, sessionGraceMs: 10_000 },
      ...{ pacing: 'EVEN', maxHourlyPercent: 100, maxDailyPercent: 8, monthlyLimit: 200_000 },
    });
    expect(policyInForce({ preset: calls, maxConcurrent: 3 }).maxConcurrent).toBe(3);
  });

  it('of sessions of minutes is what there was before presets', () => {
    expect(policyInForce({ preset: sessions })).toEqual(DEFAULT_POLICY);
  });

  it.each(PRESETS)('works as it is: %s', (name) => {
    expect(policyViolations({ preset: presetOf(name) })).toEqual([]);
  });

  it('grants a call of 3,000 tokens, which the other refuses for good', () => {
    const hourly = ({ monthlyLimit, enforcedPercent, maxHourlyPercent }: ReturnType<typeof policyInForce>) =>
      (monthlyLimit * enforcedPercent * maxHourlyPercent) / 10_000;
    expect(hourly(policyInForce({ preset: calls }))).toBeGreaterThan(3_000);
    expect(hourly(policyInForce({ preset: sessions }))).toBeLessThan(3_000);
  });

  // What a later version would stand for under the same name.
  const older = { name: 'CALLS', values: { ...calls.values, maxConcurrent: 150 } } as const;
  it.each<[string, PolicyFields, Parameters<typeof changedPolicy>[1], PolicyFields]>([
    ['comes with its values', {}, { fields: { preset: calls } }, { preset: calls }],
    [
      'stays as it was chosen',
      { preset: older },
      { fields: { monthlyLimit: 9_000 } },
      { monthlyLimit: 9_000, preset: older },
    ],
    [
      'stays where one field changes',
      { preset: older, maxConcurrent: 1 },
      { fields: {}, updateMask: ['maxConcurrent'] },
      { preset: older },
    ],
    [
      'has this version’s values where it is named again',
      { preset: older },
      { fields: { preset: calls } },
      { preset: calls },
    ],
    [
      'gives way to another',
      { preset: older, cooldownMs: 5 },
      { fields: { preset: sessions }, updateMask: [] },
      { cooldownMs: 5, preset: sessions },
    ],
  ])('%s', (_case, current, change, after) => {
    expect(changedPolicy(current, change)).toEqual(after);
  });
});
