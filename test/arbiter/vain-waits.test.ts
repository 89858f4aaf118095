import { describe, expect, it } from 'vitest';
import { BOUNDS } from '../../src/arbiter/bounds.js';
import type { PolicyFields } from '../../src/domain/model/policy.js';
import type { AcquireRequest } from '../../src/domain/model/requests.js';
import { caller } from '../support/caller.js';
import { acquire, leaseOf, recordUnleased, release } from '../support/requests.js';
import { openSession, openWorld, ROOMY, settled, type World, wait } from './support/world.js';

const MINUTE = 60_000;

interface Case {
  readonly policy?: PolicyFields;
  readonly before: (world: World) => Promise<unknown>;
  readonly asks?: Partial<AcquireRequest>;
  readonly waitMs: number;
  readonly atOnce: boolean;
}

const spend = (tokens: number) => (world: World) => world.ask(recordUnleased('z', 'spent', tokens));
const reserve = (estimatedTokens: number) => (world: World) =>
  world.ask(acquire('z', { estimatedTokens, leaseTtlMs: 30 * MINUTE }));
const once = async (world: World) => world.ask(release(leaseOf(await world.ask(acquire('a')))));
/** A lease expires: what it had reserved is presumed spent. */
const crash = (estimatedTokens: number) => async (world: World) => {
  await world.ask(acquire('z', { estimatedTokens, leaseTtlMs: 1_000 }));
  await world.scheduler.advance(2_000);
};

const HOUR_OF_1000: PolicyFields = {
  ...{ monthlyLimit: 100_000, enforcedPercent: 100, maxHourlyPercent: 1, emergencyPercent: 100 },
  maxReportTokens: 1_000_000,
};
const DAY_OF_1000: PolicyFields = { ...HOUR_OF_1000, maxHourlyPercent: 100, maxDailyPercent: 1 };
const WHOLE: PolicyFields = { ...HOUR_OF_1000, maxHourlyPercent: 100, maxLeaseDurationMs: 24 * 60 * MINUTE };
/** At 09:10 all of it is kept; from 09:30 on it melts. */
const GUARANTEED: PolicyFields = {
  ...HOUR_OF_1000,
  teams: [['t', { aiIds: ['t'], guaranteedPercent: 50 }]],
};
const asks = { estimatedTokens: 600 };

/** At 09:10, so that this hour ends in 50 minutes. */
describe('a wait that time alone could end', () => {
  it.each<[string, Case]>([
    ['a cooldown beyond it', { policy: { cooldownMs: 300_000 }, before: once, waitMs: MINUTE, atOnce: true }],
    [
      'a cooldown within it',
      { policy: { cooldownMs: 300_000 }, before: once, waitMs: 300_000, atOnce: false },
    ],
    [
      'an emergency',
      {
        policy: { ...HOUR_OF_1000, maxHourlyPercent: 100, emergencyPercent: 5 },
        ...{ before: spend(5_000), waitMs: 24 * 60 * MINUTE, atOnce: true },
      },
    ],
    [
      'an hour that is spent',
      { policy: HOUR_OF_1000, before: spend(900), asks, waitMs: 49 * MINUTE, atOnce: true },
    ],
    [
      'until the next hour',
      { policy: HOUR_OF_1000, before: spend(900), asks, waitMs: 51 * MINUTE, atOnce: false },
    ],
    [
      'an hour that is reserved',
      { policy: HOUR_OF_1000, before: reserve(900), asks, waitMs: MINUTE, atOnce: false },
    ],
    [
      'an hour that is presumed spent, within the grace',
      { policy: HOUR_OF_1000, before: crash(900), asks, waitMs: MINUTE, atOnce: false },
    ],
    [
      'an hour that is presumed spent, without a grace',
      {
        policy: { ...HOUR_OF_1000, lateReportGraceMs: 0 },
        ...{ before: crash(900), asks, waitMs: MINUTE, atOnce: true },
      },
    ],
    [
      'a day that is spent',
      { policy: DAY_OF_1000, before: spend(900), asks, waitMs: 14 * 60 * MINUTE, atOnce: true },
    ],
    [
      'until the next day',
      { policy: DAY_OF_1000, before: spend(900), asks, waitMs: 15 * 60 * MINUTE, atOnce: false },
    ],
    [
      'what pacing kept from a day for what an earlier one reserved, and may still give back',
      {
        policy: WHOLE,
        before: async (world) => {
          await world.ask(acquire('z', { estimatedTokens: 60_000, leaseTtlMs: 24 * 60 * MINUTE }));
          await world.scheduler.advance(15 * 60 * MINUTE);
          await world.ask({ kind: 'put-policy', fields: { ...ROOMY, ...WHOLE, pacing: 'EVEN' } });
        },
        ...{ asks: { estimatedTokens: 4_000 }, waitMs: MINUTE, atOnce: false },
      },
    ],
    [
      'what is kept for another team and does not melt within it',
      { policy: GUARANTEED, before: spend(100), asks, waitMs: 15 * MINUTE, atOnce: true },
    ],
    [
      'what is kept for another team and melts within it',
      { policy: GUARANTEED, before: spend(100), asks, waitMs: 45 * MINUTE, atOnce: false },
    ],
    [
      'what is kept beside what others hold and may give back',
      {
        policy: GUARANTEED,
        before: reserve(100),
        asks: { estimatedTokens: 500 },
        waitMs: MINUTE,
        atOnce: false,
      },
    ],
    [
      'one of two rules is enough: the slot may be free at any moment, the cooldown is not',
      {
        policy: { cooldownMs: 300_000, maxConcurrent: 1 },
        before: async (world) => {
          await once(world);
          await world.ask(acquire('z'));
        },
        ...{ waitMs: MINUTE, atOnce: true },
      },
    ],
  ])('%s', async (_, { policy, before, asks: more, waitMs, atOnce }) => {
    const limits = { maxLeaseDurationMs: 24 * 60 * MINUTE };
    const world = await openWorld({ policy: { ...ROOMY, ...limits, ...policy } });
    await before(world);
    const waiting = wait(world, acquire('a', more), waitMs);
    await world.scheduler.settle();
    expect(waiting.outcome?.kind).toBe(atOnce ? 'denied' : undefined);
    expect(world.arbiter.counts.waiters).toBe(atOnce ? 0 : 1);
  });

  it.each<[string, PolicyFields, (world: World) => Promise<unknown>, (world: World) => Promise<unknown>]>([
    [
      'by what holders of slots spend meanwhile',
      { ...HOUR_OF_1000, maxHourlyPercent: 100, emergencyPercent: 5, maxConcurrent: 1 },
      (world) => world.ask(acquire('z', { leaseTtlMs: 30 * MINUTE })),
      spend(5_000),
    ],
    [
      'by the end of the grace of what is presumed',
      { ...HOUR_OF_1000, lateReportGraceMs: 20_000 },
      crash(900),
      (world) => world.scheduler.advance(20_000),
    ],
  ])('becomes vain %s, and is denied within seconds', async (_, policy, begin, then) => {
    const world = await openWorld({ policy: { ...ROOMY, ...policy } });
    await begin(world);
    const waiting = wait(world, acquire('a', asks), 4 * MINUTE);
    // It is tried once more, and then left in peace.
    await world.scheduler.settle();
    await world.ask({ kind: 'get-snapshot' });
    expect(waiting.outcome).toBeUndefined();
    await then(world);
    await world.scheduler.advance(5_000);
    expect(waiting.outcome?.kind).toBe('denied');
  });

  it('is granted where it ends in time', async () => {
    const world = await openWorld({ policy: { ...ROOMY, cooldownMs: 300_000 } });
    await once(world);
    const waiting = wait(world, acquire('a'), 300_000);
    await world.scheduler.advance(300_000);
    expect(waiting.outcome?.kind).toBe('granted');
  });

  it('ends when the AI gets its slot by another request, and the cooldown begins', async () => {
    const world = await openWorld({ policy: { ...ROOMY, maxConcurrent: 1, cooldownMs: 300_000 } });
    const lease = leaseOf(await world.ask(acquire('z')));
    const both = [wait(world, acquire('a'), MINUTE), wait(world, acquire('a'), MINUTE)];
    await world.scheduler.settle();
    await world.ask(release(lease));
    await world.scheduler.settle();
    expect(both.map(({ outcome }) => outcome?.kind)).toEqual(['granted', 'denied']);
    expect(world.arbiter.counts.waiters).toBe(0);
  });

  it('ends in the next round where another request of the AI was smaller, and was admitted before it', async () => {
    const policy = { ...ROOMY, ...HOUR_OF_1000, cooldownMs: 300_000 };
    const world = await openWorld({ policy });
    await reserve(900)(world);
    const waiting = wait(world, acquire('a', asks), MINUTE);
    await world.scheduler.settle();
    leaseOf(await world.ask(acquire('a', { estimatedTokens: 10 })));
    await world.ask(recordUnleased('z', 'u', 1));
    expect(waiting.outcome?.kind).toBe('denied');
  });

  it('holds for the calls of a session', async () => {
    const world = await openWorld({ policy: { ...ROOMY, cooldownMs: 300_000 } });
    const session = await openSession(world, { id: 's', owner: '', stream: 't' });
    await session.acquire();
    const more = { session: { id: 's', owner: '', stream: 't' } };
    const waiting = wait(world, acquire('a', more), MINUTE);
    await world.scheduler.settle();
    expect(waiting.outcome).toMatchObject({ kind: 'denied', denial: { blockers: [{ rule: 'COOLDOWN' }] } });
  });
});

describe('the places to wait', () => {
  it('are 100 for one AI, and the others wait on', async () => {
    const world = await openWorld({ policy: { ...ROOMY, maxConcurrent: 1, leaseTtlMs: 600_000 } });
    await world.ask(acquire('z'));
    const session = { id: 's', owner: '', stream: 't' };
    const greedy = Array.from({ length: 1_200 }, (_, at) =>
      wait(world, acquire('greedy', at % 2 === 0 ? {} : { session }), 300_000),
    );
    const modest = wait(world, acquire('modest'), 300_000);
    await world.scheduler.settle();
    const refused = greedy.filter(({ failure }) => failure === 'QUEUE_FULL');
    expect(refused.length).toBe(1_200 - BOUNDS.waitersPerAi);
    expect(modest).toMatchObject({ outcome: undefined, failure: '' });
    expect(world.arbiter.counts.waiters).toBe(BOUNDS.waitersPerAi + 1);
  });

  it('are free again when those who had them are answered or gone', async () => {
    const bounds = { waitersPerAi: 2 };
    const world = await openWorld({ policy: { ...ROOMY, maxConcurrent: 1, leaseTtlMs: 600_000 }, bounds });
    await world.ask(acquire('z'));
    const goes = caller();
    const [, , full] = [
      wait(world, acquire('a'), 10_000),
      wait(world, acquire('a'), 60_000, 0, goes),
      wait(world, acquire('a'), 60_000),
    ];
    const why = settled(full.promise);
    await world.scheduler.settle();
    expect(await why).toMatchObject({
      reason: {
        failure: 'QUEUE_FULL',
        message: '2 requests of a wait for a slot already; ask again without `wait`',
      },
    });
    goes.leave();
    await world.scheduler.advance(10_000);
    const again = [wait(world, acquire('a'), 60_000), wait(world, acquire('a'), 60_000)];
    await world.scheduler.settle();
    expect(again.map(({ failure }) => failure)).toEqual(['', '']);
  });
});
