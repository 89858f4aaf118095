import { describe, expect, it } from 'vitest';
import type { LeaseRef } from '../../src/domain/model/requests.js';
import type { ClosedLease, StatePatch } from '../../src/domain/model/state.js';
import { caller } from '../support/caller.js';
import { commitBytes } from '../support/document-size.js';
import type { StoreCall } from '../support/faulty-store.js';
import { acquire, leaseOf, record, recordUnleased } from '../support/requests.js';
import { BUDGET, openSession, openWorld, ROOMY, type World } from './support/world.js';

const MINUTE_MS = 60_000;
const MANY = 350;
const MOST_BYTES = 6 * 1024 * 1024;
const POLICY = { ...ROOMY, mode: 'OBSERVE', leaseTtlMs: MINUTE_MS } as const;

async function grantMany(world: World, count: number, more = {}): Promise<LeaseRef[]> {
  const asked = Array.from({ length: count }, (_, at) =>
    world.arbiter.submit(BUDGET, acquire(`ai-${at}`, { estimatedTokens: 10, ...more }), caller()),
  );
  return (await world.scheduler.until(Promise.all(asked))).map(leaseOf);
}

function patchesOf(world: World): StatePatch[] {
  return world.store.calls.flatMap(({ method, args }) =>
    method === 'commit' ? [args[2] as StatePatch] : [],
  );
}

/** The fences that a commit closes. */
function closedBy({ puts }: StatePatch): number[] {
  return puts.flatMap(({ section, value }) =>
    section === 'outbox' && (value as { body: ClosedLease }).body.kind === 'lease'
      ? [(value as { body: ClosedLease }).body.lease.fence]
      : [],
  );
}

function closes(call: StoreCall, ...fences: number[]): boolean {
  return (
    call.method === 'commit' && closedBy(call.args[2] as StatePatch).some((fence) => fences.includes(fence))
  );
}

describe('what time asks for', () => {
  it('is done for many leases at once, a hundred a commit and each right after the other', async () => {
    const world = await openWorld({ policy: POLICY });
    await grantMany(world, MANY);
    await world.scheduler.advance(MINUTE_MS + 100);
    expect((await world.state()).sections.leases.size).toBe(0);
    const closings = patchesOf(world).map((patch) => closedBy(patch).length);
    expect(closings.filter((count) => count > 0)).toEqual([100, 100, 100, 50]);
  });

  it('is not lost when the replica dies in the middle of it', async () => {
    const world = await openWorld({ policy: POLICY, replicas: 2 });
    await grantMany(world, MANY);
    let closing = 0;
    world.store.plan = (call) => {
      if (closes(call, ...Array.from({ length: MANY }, (_, at) => at + 1))) closing += 1;
      return closing > 1 ? { kind: 'fail', failure: 'unavailable' } : undefined;
    };
    await world.scheduler.advance(MINUTE_MS + 10_000);
    expect((await world.state()).sections.leases.size).toBe(0);
  });

  it.each([
    [5, 1],
    [MANY, 250],
  ])('fails nobody else where the store refuses one of %i, and is done for the others', async (count, at) => {
    const world = await openWorld({ policy: POLICY });
    const leases = await grantMany(world, count);
    const poison = leases[at]?.fence ?? 0;
    world.store.plan = (call) => (closes(call, poison) ? { kind: 'fail', failure: 'refused' } : undefined);
    await world.scheduler.advance(MINUTE_MS - 500);
    const asks = async (name: string) => {
      expect(await world.ask(acquire(name)), name).toMatchObject({ kind: 'granted' });
      expect(await world.ask(recordUnleased(name, `u-${name}`, 5)), name).toMatchObject({ chargedTokens: 5 });
    };
    for (let turn = 0; turn < 10; turn += 1) {
      await world.scheduler.advance(300);
      await asks(`busy-${turn}`);
    }
    await world.scheduler.advance(20_000);
    const waiting = [...(await world.state()).sections.leases.values()].filter(({ aiId }) =>
      aiId.startsWith('ai-'),
    );
    expect(waiting.map(({ fence }) => fence)).toEqual([poison]);
    expect((await world.snapshot()).liveLeases.map(({ fence }) => fence)).not.toContain(poison);
    world.store.healthy();
    await world.scheduler.advance(5_000);
    expect((await world.state()).sections.leases.has(String(poison))).toBe(false);
    await asks('after');
  });

  it('goes along with requests again once the store has taken it', async () => {
    const world = await openWorld({ policy: POLICY });
    const [lease] = await grantMany(world, 3);
    world.store.once('commit', { kind: 'fail', failure: 'refused' });
    await world.scheduler.advance(MINUTE_MS + 5_000);
    expect((await world.state()).sections.leases.size).toBe(0);
    expect(await world.ask(record(lease as LeaseRef, 'u', 5))).toMatchObject({ late: true });
  });
});

describe('a commit', () => {
  it('is never too large, however large the requests are that come at once', async () => {
    const world = await openWorld({ policy: POLICY });
    const labels = Object.fromEntries(
      Array.from({ length: 8 }, (_, at) => [`${at}`.padStart(32, 'l'), '値'.repeat(21)]),
    );
    const wide = (at: number) => String(at).padStart(128, '%');
    const asked = Array.from({ length: 2_500 }, (_, at) => {
      const request = acquire(wide(at), { requestId: wide(at), labels, estimatedTokens: 10 });
      return world.arbiter.submit(BUDGET, request, caller());
    });
    const outcomes = await world.scheduler.until(Promise.all(asked));
    // Each is kept the room that it may come to need until it has ended: the last few find the state full.
    const leases = outcomes.filter(({ kind }) => kind === 'granted').map(leaseOf);
    expect(leases.length).toBeGreaterThan(2_100);
    const reports = leases.map((lease, at) =>
      world.arbiter.submit(BUDGET, record(lease, wide(at), 5), caller()),
    );
    await world.scheduler.until(Promise.all(reports));
    await world.scheduler.advance(MINUTE_MS + 20_000);
    expect((await world.state()).sections).toMatchObject({ leases: new Map(), outbox: new Map() });
    for (const patch of patchesOf(world)) expect(commitBytes(patch)).toBeLessThan(MOST_BYTES);
  });

  it('is never too large for a session that carries many leases', async () => {
    const labels = Object.fromEntries(
      Array.from({ length: 8 }, (_, at) => [`${at}`.padStart(32, 'l'), '値'.repeat(21)]),
    );
    const world = await openWorld({ policy: { ...POLICY, maxConcurrentPerAi: 1_000 } });
    const session = (stream: string) => ({ id: 'session', owner: '', stream });
    const first = await openSession(world, session('one'));
    for (let at = 0; at < 3_000; at += 1) await first.acquire({ estimatedTokens: 10, labels });
    await world.scheduler.advance(25_000);
    first.break();
    await world.scheduler.advance(1_000);
    const second = await openSession(world, session('two'));
    expect(second.leases).toHaveLength(3_000);
    await world.scheduler.advance(2 * MINUTE_MS);
    expect((await world.snapshot()).liveLeases).toHaveLength(3_000);
    second.break();
    await world.scheduler.advance(MINUTE_MS);
    expect((await world.snapshot()).liveLeases).toHaveLength(0);
    for (const patch of patchesOf(world)) expect(commitBytes(patch)).toBeLessThan(MOST_BYTES);
  });
});
