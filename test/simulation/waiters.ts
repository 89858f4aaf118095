import { BOUNDS } from '../../src/arbiter/bounds.js';
import { ArbiterError } from '../../src/arbiter/service-port.js';
import { parseLeaseId } from '../../src/domain/model/lease-id.js';
import type { PolicyFields } from '../../src/domain/model/policy.js';
import type { AcquireRequest, LeaseRef } from '../../src/domain/model/requests.js';
import { SimulatedCaller } from './caller.js';
import { BUDGET } from './sim-world.js';

const FIELDS: PolicyFields = {
  ...{ monthlyLimit: 1e9, maxHourlyPercent: 100, maxDailyPercent: 100, cooldownMs: 0 },
  ...{ maxConcurrent: 1, leaseTtlMs: 4_000, pacing: 'NONE' },
};
const WAITERS = 4;
const WAIT_MS = 60_000;

const FLOOD = 20;
const COOLDOWN_MS = 60_000;
/** On a calm sea an answer takes no longer. */
const AT_ONCE_MS = 1_500;

/**
 * On a calm sea: those who wait for the one slot get it, however often somebody else asks without waiting, or has as many wait as
 * it may. Who waits for nothing is told so at once.
 */
export class Waiters extends SimulatedCaller {
  private done = 0;
  private made = 0;

  async run(): Promise<void> {
    await this.ask({ kind: 'resume' });
    await this.putPolicy(FIELDS);
    // A budget that was gone has begun anew with the clock of the one before.
    await this.ask({ kind: 'reset-clock' });
    const waiting = Array.from({ length: WAITERS }, (_, at) => this.wait(`waiter-${at}`));
    await Promise.all([...waiting, this.hog()]);
    await this.flood();
    await this.waitInVain();
  }

  /** One AI asks for more places to wait than it may have, while somebody holds the slot: only its own are refused. */
  private async flood(): Promise<void> {
    const { world } = this;
    const lease = await this.take('holder');
    if (lease === undefined) return;
    const asked = Array.from({ length: BOUNDS.waitersPerAi + FLOOD }, () => this.floodOnce());
    await world.pause(200);
    const modest = this.slot('modest', WAIT_MS);
    const refused = (await Promise.all(asked)).filter((full) => full).length;
    if (refused !== FLOOD) world.violated(`${refused} of ${asked.length} waits of one AI were refused`);
    await this.ask({ kind: 'release', lease });
    if (!(await modest)) world.violated('an AI that waits is shut out by another that floods');
  }

  /** Whether it was refused for those that wait already. The rest goes away after a while. */
  private async floodOnce(): Promise<boolean> {
    const [replica] = this.world.replicas;
    const options = { waitMs: WAIT_MS, leavesAfterMs: 2_000, ...(replica && { replica }) };
    const failure = await this.world.call(this.request('flood'), options).catch((error) => error);
    return failure instanceof ArbiterError && failure.failure === 'QUEUE_FULL';
  }

  /** A cooldown that outlasts the wait is no reason to wait. */
  private async waitInVain(): Promise<void> {
    const { world } = this;
    await this.putPolicy({ ...FIELDS, cooldownMs: COOLDOWN_MS });
    if (!(await this.slot('eager', WAIT_MS))) return;
    const from = world.scheduler.now;
    const again = await this.slot('eager', COOLDOWN_MS / 2);
    const tookMs = world.scheduler.now - from;
    if (again || tookMs > AT_ONCE_MS) world.violated(`waited ${tookMs} ms for what could only come later`);
  }

  private async wait(aiId: string): Promise<void> {
    const slot = await this.slot(aiId, WAIT_MS);
    if (!slot) this.world.violated(`${aiId} waited ${WAIT_MS} ms and got no slot`);
    this.done += 1;
  }

  private async hog(): Promise<void> {
    for (let turn = 0; this.done < WAITERS && turn < 200; turn += 1) await this.slot('hog', 0);
  }

  /** Takes the slot, if it gets it, for a moment. Everybody asks the same replica: others know nothing of its queue. */
  private async slot(aiId: string, waitMs: number): Promise<boolean> {
    const lease = await this.take(aiId, waitMs);
    await this.world.pause(this.world.random() * 100);
    if (lease === undefined) return false;
    if (lease.budgetId === BUDGET) await this.ask({ kind: 'release', lease });
    return true;
  }

  private async take(aiId: string, waitMs = 0): Promise<LeaseRef | undefined> {
    const [replica] = this.world.replicas;
    if (replica === undefined) return undefined;
    const outcome = await this.ask(this.request(aiId), { waitMs, replica });
    return outcome?.kind === 'granted' ? parseLeaseId(outcome.lease.leaseId) : undefined;
  }

  private request(aiId: string): AcquireRequest {
    const id = `w-${++this.made}`;
    const ids = { requestId: id, nonce: id, fingerprint: 'f', requestIdMade: false };
    return { kind: 'acquire', aiId, estimatedTokens: 10, leaseTtlMs: 10_000, ...ids };
  }
}
