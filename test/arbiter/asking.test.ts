import { describe, expect, it } from 'vitest';
import type { PolicyFields } from '../../src/domain/model/policy.js';
import { acquire, leaseOf, recordUnleased, release } from '../support/requests.js';
import { openWorld, ROOMY, wait } from './support/world.js';

const MINUTE = 60_000;
/** An hour of 1,000, at 09:10. */
const NARROW: PolicyFields = {
  ...ROOMY,
  ...{ monthlyLimit: 100_000, enforcedPercent: 100, maxHourlyPercent: 1, emergencyPercent: 100 },
};
const long = { leaseTtlMs: 30 * MINUTE };
const wanted = { estimatedTokens: 1e12, atLeastTokens: 300 };

describe('a request that would take less', () => {
  it('waits until so much is there, and no longer', async () => {
    const world = await openWorld({ policy: { ...NARROW, maxConcurrent: 4 } });
    const large = leaseOf(await world.ask(acquire('z', { estimatedTokens: 700, ...long })));
    const small = leaseOf(await world.ask(acquire('y', { estimatedTokens: 200, ...long })));
    const waiter = wait(world, acquire('a', wanted), 20 * MINUTE);
    const greedy = wait(world, acquire('b', { estimatedTokens: 900 }), 20 * MINUTE);
    await world.scheduler.settle();
    await world.ask(release(small));
    await world.scheduler.settle();
    expect([waiter.outcome?.kind, greedy.outcome]).toEqual(['granted', undefined]);
    // 300 of 1,000 are left, and three slots are free.
    expect(waiter.outcome).toMatchObject({ lease: { reservedTokens: 300 }, availableTokens: 0 });
    const line = world.log.entries.find(({ message }) => /for less than was asked/.test(message));
    expect(line?.fields).toMatchObject({ ai: 'a', reserved: 300, asked: 1e12 });
    await world.ask(release(large));
  });

  it.each([
    ['so much is spent that the least is not there: denied at once', 701, 'denied'],
    ['the least is there', 700, 'granted'],
  ])('%s', async (_, spent, kind) => {
    const world = await openWorld({ policy: NARROW });
    await world.ask(recordUnleased('z', 'u', spent));
    const waiter = wait(world, acquire('a', wanted), 10 * MINUTE);
    await world.scheduler.settle();
    expect(waiter.outcome?.kind).toBe(kind);
  });

  it('waits for the next hour if that comes in time', async () => {
    const world = await openWorld({ policy: NARROW });
    await world.ask(recordUnleased('z', 'u', 701));
    const waiter = wait(world, acquire('a', wanted), 51 * MINUTE);
    await world.scheduler.settle();
    expect(waiter.outcome).toBeUndefined();
    await world.scheduler.advance(50 * MINUTE);
    expect(waiter.outcome).toMatchObject({ kind: 'granted', lease: { reservedTokens: 500 } });
  });
});
