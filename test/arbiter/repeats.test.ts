import { describe, expect, it } from 'vitest';
import type { CallerRequest } from '../../src/arbiter/service-port.js';
import type { Outcome } from '../../src/domain/model/outcomes.js';
import { caller } from '../support/caller.js';
import { acquire, leaseOf, record, recordUnleased, release, usage } from '../support/requests.js';
import { BUDGET, openWorld, type World } from './support/world.js';

const TIMES = 16;

/** What need not be the same: whether it was the first answer, the moment, and what that answer's report came to. */
const DIFFERENT = ['replayed', 'asOf', 'booked'];

function same(outcome: Outcome): unknown {
  return JSON.parse(JSON.stringify(outcome, (key, value) => (DIFFERENT.includes(key) ? undefined : value)));
}

async function repeat(world: World, request: CallerRequest): Promise<Outcome[]> {
  const asked = Array.from({ length: TIMES }, (_, at) =>
    (world.replicas[at % world.replicas.length] ?? world.arbiter).submit(BUDGET, request, caller()),
  );
  return world.scheduler.until(Promise.all(asked));
}

async function expectOneEffect(world: World, request: CallerRequest): Promise<Outcome> {
  const first = await repeat(world, request);
  // Once more after everything was written out and dropped, and after both replicas have forgotten.
  await world.scheduler.advance(10_000);
  const again = await repeat(world, request);
  for (const outcome of [...first, ...again]) expect(same(outcome)).toEqual(same(first[0] as Outcome));
  const replays = first.filter((outcome) => 'replayed' in outcome && outcome.replayed);
  if ('replayed' in (first[0] as Outcome)) expect(replays).toHaveLength(TIMES - 1);
  return first[0] as Outcome;
}

describe.each([1, 2])('every write sixteen times at once with the same id, %i replicas', (replicas) => {
  it('grants one slot', async () => {
    const world = await openWorld({ replicas, seed: 21 });
    await expectOneEffect(world, acquire('guardian', { requestId: 'r', leaseTtlMs: 60_000 }));
    expect((await world.snapshot()).liveLeases).toHaveLength(1);
  });

  it('books one report on a lease, live and closed', async () => {
    const world = await openWorld({ replicas, seed: 22 });
    const lease = leaseOf(await world.ask(acquire('guardian', { leaseTtlMs: 60_000 })));
    await expectOneEffect(world, record(lease, 'u', 70));
    await world.ask(release(lease));
    await expectOneEffect(world, record(lease, 'late', 50));
    expect((await world.snapshot()).windows[2]?.spent).toBe(120);
  });

  it('books one report without a lease', async () => {
    const world = await openWorld({ replicas, seed: 23 });
    await expectOneEffect(world, recordUnleased('guardian', 'u', 70));
    expect((await world.snapshot()).windows[2]?.spent).toBe(70);
  });

  it('releases once, with usage', async () => {
    const world = await openWorld({ replicas, seed: 24 });
    const lease = leaseOf(await world.ask(acquire('guardian')));
    await expectOneEffect(world, release(lease, usage('last', 30)));
    expect((await world.snapshot()).windows[2]).toMatchObject({ spent: 30, reserved: 0 });
  });

  it('adjusts once, today and a day that left the state', async () => {
    const world = await openWorld({ replicas, seed: 25 });
    const adjust = (id: string, day?: string): CallerRequest => ({
      ...{ kind: 'adjust', adjustmentId: id, tokens: 40, reason: '', fingerprint: id },
      ...(day === undefined ? {} : { day }),
    });
    await expectOneEffect(world, adjust('today'));
    await expectOneEffect(world, adjust('before', '2026-11-03'));
    expect((await world.snapshot()).windows[2]?.spent).toBe(80);
  });

  it('pauses, renews, revokes and deletes once', async () => {
    const world = await openWorld({ replicas, seed: 26 });
    const lease = leaseOf(await world.ask(acquire('guardian', { leaseTtlMs: 300_000 })));
    await repeat(world, { kind: 'pause', reason: 'lunch' });
    const renewed = await repeat(world, { kind: 'renew', lease, reserveTokens: 5_000 });
    for (const outcome of renewed) expect(outcome).toMatchObject({ kind: 'renewed' });
    await repeat(world, { kind: 'revoke', lease, reason: '' });
    const { windows, liveLeases } = await world.snapshot();
    expect([windows[2]?.spent, liveLeases.length]).toEqual([1_000, 0]);
    for (const outcome of await repeat(world, { kind: 'delete-budget', force: false })) {
      expect(outcome.kind).toBe('deleted');
    }
  });
});
