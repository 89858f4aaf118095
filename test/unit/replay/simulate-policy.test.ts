import { describe, expect, it } from 'vitest';
import type { PolicyFields } from '../../../src/domain/model/policy.js';
import {
  type SimulationQuery,
  Slices,
  simulatePolicy,
  type UsagePort,
} from '../../../src/replay/simulate-policy.js';
import { VirtualBudget } from '../../../src/replay/virtual-budget.js';
import { caller } from '../../support/caller.js';
import { FakeTime } from '../../support/fake-time.js';
import { acquire, leaseOf, recordUnleased, release, usage } from '../../support/requests.js';

const BUDGET = 'anthropic';
const POLICY: PolicyFields = {
  monthlyLimit: 100_000,
  maxHourlyPercent: 20,
  maxDailyPercent: 20,
  pacing: 'NONE',
};
const QUERY: SimulationQuery = {
  change: { fields: { maxDailyPercent: 5 }, updateMask: ['maxDailyPercent'] },
  days: 28,
  scale: 1,
  returns: 0,
};
const HOUR = 3_600_000;

interface Used {
  readonly budget: VirtualBudget;
  readonly port: UsagePort;
}

/** A budget at the end of so many days of usage by two AIs, each hour from 8 to 18. */
async function usedBudget(days: number, fields = POLICY, tokensOn = (_day: number) => 400): Promise<Used> {
  const budget = await VirtualBudget.open(BUDGET);
  let now = Date.parse('2026-10-20T00:30:00Z');
  await budget.decide({ kind: 'put-policy', fields }, now);
  for (let hour = 0; hour < days * 24; hour += 1) {
    if (hour % 24 >= 8 && hour % 24 < 18) {
      const tokens = tokensOn(Math.floor(hour / 24));
      const request = acquire(hour % 2 ? 'guardian' : 'imperium', { estimatedTokens: tokens });
      const lease = leaseOf(await budget.decide(request, now));
      await budget.decide({ ...release(lease), usage: usage(`u${hour}`, tokens) }, now);
    }
    now += HOUR;
  }
  const port: UsagePort = {
    submit: (_, request) => budget.decide(request, now),
    usageDays: async (_, from, to) => (await budget.days()).filter(({ day }) => from <= day && day <= to),
    closedLeases: async () => [],
  };
  return { budget, port };
}

const NO_TIME = { monotonic: () => 0, computed: () => 0 };
const AT_ONCE = { soon: (task: () => void) => task(), after: () => () => {}, random: () => 0 };

async function simulated({ port }: Used, query: Partial<SimulationQuery> = {}) {
  const slices = new Slices(AT_ONCE, NO_TIME);
  const found = await simulatePolicy(port, BUDGET, { ...QUERY, ...query }, caller(), slices);
  if ('refusal' in found) throw new Error(JSON.stringify(found.refusal));
  return found;
}

describe('trying a policy on the last days', () => {
  it('reproduces them under the policy in force, and says what the candidate would have refused', async () => {
    const used = await usedBudget(16);
    const { comparison, recordedTokens } = await simulated(used);
    expect(recordedTokens).toBe(16 * 4_000);
    const { current, candidate, losses, selfCheck } = comparison ?? {};
    expect(current).toMatchObject({
      usedTokens: 64_000,
      refused: { requests: 0 },
      asked: { tokens: 64_000 },
    });
    expect(current?.days).toHaveLength(16);
    // 5 percent of 70,000 a day.
    expect(candidate?.mostDay?.tokens).toBeLessThanOrEqual(3_500);
    expect(candidate?.byRule.map(({ rule }) => rule)).toEqual(['DAILY_CAP']);
    expect(losses?.map(({ aiId }) => aiId).sort()).toEqual(['guardian', 'imperium']);
    expect(selfCheck?.text).toBe('the policy in force grants 0.0% more than what was recorded');
    // It changes nothing.
    expect(used.budget.ledger.policyFields).toEqual(POLICY);
  });

  it('takes as many closed days as are asked for, knows what their month had used before, and scales', async () => {
    const used = await usedBudget(16);
    const few = await simulated(used, { days: 3, scale: 0.5 });
    expect(few.comparison?.current.days.map(({ day, tokens }) => [day, tokens])).toEqual([
      ['2026-11-02', 2_000],
      ['2026-11-03', 2_000],
      ['2026-11-04', 2_000],
    ]);
    const month = { fields: { monthlyLimit: 12_000 }, updateMask: ['monthlyLimit'] } as const;
    // 8,400 in the month, of which its first day took 4,000.
    const { comparison } = await simulated(used, { days: 3, change: month });
    expect(comparison?.candidate?.usedTokens).toBeLessThanOrEqual(4_400);
    expect(comparison?.candidate?.byRule.map(({ rule }) => rule)).toContain('EMERGENCY');
  });

  it('begins with what the days before took: after quiet weeks EVEN lets a day take more', async () => {
    const even = { ...POLICY, pacing: 'EVEN' } as const;
    // An equal part of what is left is some 2,900 then.
    const used = await usedBudget(23, even, (day) => (day < 20 ? 40 : 350));
    const { comparison } = await simulated(used, { days: 3, change: { fields: even } });
    expect(comparison?.current).toMatchObject({ usedTokens: 3 * 3_500, refused: { requests: 0 } });
    expect(comparison?.cannotKnow.join()).not.toContain('days before');
    const { candidate } = (await simulated(used, { days: 3, scale: 1.5, change: { fields: even } }))
      .comparison ?? { candidate: undefined };
    expect(candidate?.mostDay?.tokens).toBeGreaterThan(1.4 * 2_900);
  });

  it('tries a budget of today on today, and has nothing to say of one without usage', async () => {
    const used = await usedBudget(0);
    expect(await simulated(used)).toEqual({ comparison: undefined, recordedTokens: 0 });
    await used.port.submit(BUDGET, recordUnleased('guardian', 'u', 700), caller());
    expect((await simulated(used)).comparison?.current.usedTokens).toBe(700);
  });

  it('refuses a policy that cannot be set', async () => {
    const used = await usedBudget(0);
    const change = { fields: { minDailyPercent: 50 }, updateMask: ['minDailyPercent'] } as const;
    const asked = simulatePolicy(
      used.port,
      BUDGET,
      { ...QUERY, change },
      caller(),
      new Slices(AT_ONCE, NO_TIME),
    );
    expect(await asked).toMatchObject({ refusal: { reason: 'UNWORKABLE_POLICY' } });
  });
});

describe('slices', () => {
  it('let others have their turn after 2 ms, and end after 2 s of computing', async () => {
    const time = new FakeTime('2026-11-01T00:00:00Z');
    const tasks: (() => void)[] = [];
    let computedMs = 0;
    const compute = () => {
      time.pass(5);
      computedMs += 5;
    };
    const scheduler = {
      after: () => () => {},
      soon: (task: () => void) => void tasks.push(task),
      random: () => 0,
    };
    const slices = new Slices(scheduler, { monotonic: () => time.monotonic(), computed: () => computedMs });
    slices.begin();
    expect(slices.pause()).toBeUndefined();
    for (let computed = 0; computed < 2_000; computed += 5) {
      compute();
      const paused = slices.pause();
      expect(paused).toBeInstanceOf(Promise);
      // What others do meanwhile does not count.
      time.pass(1_000);
      tasks.shift()?.();
      await paused;
      expect(slices.pause()).toBeUndefined();
    }
    compute();
    expect(() => slices.pause()).toThrow('more than 2 s');
  });

  it('end when the caller goes', async () => {
    const used = await usedBudget(2);
    const who = caller();
    const asked = simulatePolicy(used.port, BUDGET, QUERY, who, new Slices(AT_ONCE, NO_TIME));
    who.leave();
    await expect(asked).rejects.toThrow('the caller has gone');
  });
});
