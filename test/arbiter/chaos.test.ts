import { describe, expect, it } from 'vitest';
import { ArbiterError, type CallerRequest } from '../../src/arbiter/service-port.js';
import type { Outcome } from '../../src/domain/model/outcomes.js';
import { caller } from '../support/caller.js';
import type { Fault, StoreCall } from '../support/faulty-store.js';
import { gateAfter } from '../support/gate.js';
import { acquire, leaseOf, record, recordUnleased, release } from '../support/requests.js';
import { BUDGET, openWorld, ROOMY, type World } from './support/world.js';

const SEEDS = process.env['CHAOS_SEEDS']?.split(',').map(Number) ?? [1, 2, 3, 4, 5, 6, 7, 8];
const COPIES = 3;
const CLIENTS = 6;
const TASKS = 8;

/** The faults of a bad network, by chance. */
function badNetwork(world: World): (call: StoreCall) => Fault | undefined {
  const { scheduler } = world;
  const soon = (mostMs: number) => gateAfter(scheduler, scheduler.random() * mostMs);
  return ({ method }) => {
    const dice = scheduler.random();
    if (dice < 0.02) return { kind: 'fail', failure: 'unavailable' };
    if (dice < 0.05) return { kind: 'fail', failure: 'unknown' };
    if (dice < 0.08) return { kind: 'lose-answer' };
    if (dice < 0.12 && method === 'commit') return { kind: 'late', gate: soon(300) };
    if (dice < 0.14) return { kind: 'hold', gate: soon(3_000) };
    if (dice < 0.16) return { kind: 'hold-answer', gate: soon(3_000) };
    return { kind: dice < 0.6 ? 'hold' : 'hold-answer', gate: soon(8) };
  };
}

/** A client that repeats with the same ids, by any replica, until it has an answer that is one. */
class Client {
  booked = 0;
  constructor(
    private readonly world: World,
    private readonly aiId: string,
  ) {}

  private async persist(request: CallerRequest): Promise<Outcome> {
    const { replicas, scheduler, arbiter } = this.world;
    for (let attempt = 0; ; attempt += 1) {
      if (attempt > 200) throw new Error(`no answer to ${JSON.stringify(request)}`);
      const replica = replicas[Math.floor(scheduler.random() * replicas.length)] ?? arbiter;
      try {
        return await replica.submit(BUDGET, request, caller());
      } catch (error) {
        if (!(error instanceof ArbiterError)) throw error;
        await new Promise<void>((resolve) => void scheduler.after(scheduler.random() * 500, resolve));
      }
    }
  }

  private async report(request: CallerRequest, tokens: number): Promise<void> {
    expect((await this.persist(request)).kind).toBe('recorded');
    this.booked += tokens;
    // Now and then the same again, by whichever replica.
    if (this.world.scheduler.random() < 0.5) {
      expect(await this.persist(request)).toMatchObject({ kind: 'recorded', replayed: true });
    }
  }

  /** Waits for a slot, and may lose patience: then nobody knows of a lease, and none may stay. */
  private async waitImpatiently(): Promise<void> {
    const { replicas, scheduler, arbiter } = this.world;
    const replica = replicas[Math.floor(scheduler.random() * replicas.length)] ?? arbiter;
    const who = caller();
    let over = false;
    const going = scheduler.after(scheduler.random() * 1_000, () => {
      if (!over) who.leave();
    });
    try {
      const outcome = await replica.acquireWaiting(BUDGET, acquire(this.aiId), 700, who);
      over = true;
      if (outcome.kind === 'granted') await this.persist(release(leaseOf(outcome)));
    } catch (error) {
      if (!(error instanceof ArbiterError)) throw error;
    }
    going();
  }

  async work(): Promise<void> {
    for (let task = 0; task < TASKS; task += 1) {
      const id = `${this.aiId}-${task}`;
      await this.waitImpatiently();
      await this.report(recordUnleased(this.aiId, `un-${id}`, 7), 7);
      const outcome = await this.persist(acquire(this.aiId, { requestId: id, estimatedTokens: 50 }));
      if (outcome.kind !== 'granted') continue;
      const lease = leaseOf(outcome);
      for (const [at, tokens] of [20, 40].entries())
        await this.report(record(lease, `on-${id}-${at}`, tokens), tokens);
      expect((await this.persist(release(lease))).kind).toBe('released');
      await this.report(record(lease, `late-${id}`, 5), 5);
    }
  }
}

describe('whatever the network does', () => {
  it.each(SEEDS)('every report is booked once and every caller is answered, seed %i', async (seed) => {
    const world = await openWorld({
      replicas: COPIES,
      seed,
      receiptsInCommit: seed % 2 === 0,
      policy: { ...ROOMY, leaseTtlMs: 3_600_000, maxConcurrent: 4 },
    });
    const plan = badNetwork(world);
    for (const store of world.stores) store.plan = plan;
    const clients = Array.from({ length: CLIENTS }, (_, at) => new Client(world, `ai-${at}`));
    await world.scheduler.until(Promise.all(clients.map((client) => client.work())), 3_600_000, 50);
    for (const store of world.stores) store.healthy();
    await world.scheduler.advance(30_000);
    const booked = clients.reduce((sum, client) => sum + client.booked, 0);
    const { sections } = await world.state();
    const { windows, monthAis } = await world.snapshot(1);
    expect(windows[2]).toMatchObject({ spent: booked, reserved: 0 });
    for (const [at, client] of clients.entries()) expect(monthAis.get(`ai-${at}`)).toBe(client.booked);
    expect((await world.documents()).map(({ total }) => total)).toEqual([booked]);
    expect([sections.outbox.size, sections.leases.size]).toEqual([0, 0]);
    for (const { counts } of world.replicas) expect(counts.waiters).toBe(0);
    const bad = world.log.entries.filter(({ level }) => level === 'error');
    expect(bad).toEqual([]);
  });
});
