import { describe, expect, it } from 'vitest';
import type { CallerRequest } from '../../src/arbiter/service-port.js';
import type { LeaseRef } from '../../src/domain/model/requests.js';
import { caller } from '../support/caller.js';
import { Gate, gateAfter } from '../support/gate.js';
import { acquire, leaseOf, record, release } from '../support/requests.js';
import { BUDGET, openWorld, type World } from './support/world.js';

const DAY = '2026-11-10';
const DAY_MS = 86_400_000;

function correct(id: string, tokens: number, aiId: string): CallerRequest {
  return { kind: 'adjust', adjustmentId: id, tokens, reason: '', fingerprint: id, day: DAY, aiId };
}

/** Two leases that ended with 500 presumed each, and whose day has left the state. */
async function closedDay(replicas: number) {
  const world = await openWorld({ replicas, seed: 5, bounds: { requestMs: 60_000 } });
  const grant = async (aiId: string) =>
    leaseOf(await world.ask(acquire(aiId, { estimatedTokens: 500, leaseTtlMs: 5_000 })));
  const [a, b] = [await grant('a'), await grant('b')];
  await world.scheduler.advance(20_000);
  await untilLeft(world, DAY_MS);
  return { world, a, b };
}

async function untilLeft(world: World, ms = 0): Promise<void> {
  world.clock.set(world.clock.read().now + ms);
  await world.scheduler.advance(20_000);
  expect((await world.state()).sections.days.has(DAY)).toBe(false);
}

async function total(world: World): Promise<number> {
  return (await world.snapshot()).windows[2]?.spent ?? 0;
}

async function presumed(world: World, lease: LeaseRef, replica = 0): Promise<number | undefined> {
  const found = await world.ask({ kind: 'get-lease', key: { lease } }, replica);
  return found.kind === 'lease' ? found.lease.presumedTokens : undefined;
}

describe('what is presumed in a day that has left the state', () => {
  it.each([1, 2])('is settled by lease, whatever comes at once, %i replicas', async (replicas) => {
    const { world, a, b } = await closedDay(replicas);
    const requests = [
      ...[correct('x', -300, 'a'), correct('x', -300, 'a'), record(a, 'u', 400), record(a, 'u', 400)],
      ...[record(b, 'v', 100), record(b, 'w', 50), release(b)],
    ];
    const asked = requests.map((request, at) =>
      (world.replicas[at % replicas] ?? world.arbiter).submit(BUDGET, request, caller()),
    );
    await world.scheduler.until(Promise.all(asked));
    await untilLeft(world);
    expect(await presumed(world, a, replicas - 1)).toBe(0);
    expect(await presumed(world, b, replicas - 1)).toBe(350);
    const [document] = await world.documents();
    expect(document).toMatchObject({ day: DAY, presumed: 350 });
    // The report of a came after its correction, or before it.
    expect([400 + 500, 200 + 500]).toContain(await total(world));
  });

  it('is not taken from a document that another replica has changed since it was read', async () => {
    const { world, a } = await closedDay(2);
    const gate = new Gate();
    world.store.once('readDays', { kind: 'hold-answer', gate });
    const reported = world.arbiter.submit(BUDGET, record(a, 'u', 500), caller());
    await world.scheduler.advance(100);
    await world.ask(correct('x', -500, 'a'), 1);
    await world.scheduler.advance(6_000);
    expect((await world.state()).sections.days.has(DAY)).toBe(false);
    gate.open();
    await world.scheduler.until(reported);
    // Corrected before it was reported: it counts in full.
    expect(await total(world)).toBe(500 + 500);
  });

  it('is found though another replica commits all the time, and documents are slow', async () => {
    const { world, a } = await closedDay(2);
    const live = leaseOf(await world.ask(acquire('c', { estimatedTokens: 5, leaseTtlMs: 60_000 }), 1));
    const slow = (ms: number) => ({ kind: 'hold-answer', gate: gateAfter(world.scheduler, ms) }) as const;
    world.store.plan = ({ method }) => (method === 'readDays' ? slow(150) : undefined);
    if (world.stores[1]) world.stores[1].plan = ({ method }) => (method === 'commit' ? slow(10) : undefined);
    let busy = true;
    const commits = (async () => {
      while (busy) await world.replicas[1]?.submit(BUDGET, { kind: 'renew', lease: live }, caller());
    })();
    const asked = world.arbiter.submit(BUDGET, record(a, 'u', 500), caller());
    const outcome = await world.scheduler.until(asked, 5_000);
    busy = false;
    await world.scheduler.until(commits);
    expect(outcome).toMatchObject({ kind: 'recorded', chargedTokens: 500, late: true });
    expect(world.store.calls.filter(({ method }) => method === 'readDays').length).toBeLessThan(4);
  });

  it('is what a list of closed leases says', async () => {
    const { world, a } = await closedDay(1);
    await world.ask(correct('x', -200, 'a'));
    await world.ask(correct('y', -500, 'b'));
    const listed = async () => {
      const leases = await world.arbiter.closedLeases(await world.snapshot(), 0, 10);
      return leases.map(({ aiId, presumedTokens }) => `${aiId} ${presumedTokens}`);
    };
    expect(await listed()).toEqual(['a 300', 'b 0']);
    await untilLeft(world);
    expect(await listed()).toEqual(['a 300', 'b 0']);
    await world.ask(record(a, 'u', 100));
    expect(await listed()).toEqual(['a 200', 'b 0']);
  });
});
