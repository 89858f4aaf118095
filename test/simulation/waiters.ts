import { parseLeaseId } from '../../src/domain/lease-id.js';
import { SimulatedCaller } from './caller.js';
import { BUDGET } from './sim-world.js';

const WAITERS = 4;
const WAIT_MS = 60_000;

/** On a calm sea: those who wait for the one slot get it, however often somebody else asks without waiting. */
export class Waiters extends SimulatedCaller {
  private done = 0;
  private made = 0;

  async run(): Promise<void> {
    await this.ask({ kind: 'resume' });
    const fields = { monthlyLimit: 1e9, maxHourlyPercent: 100, maxDailyPercent: 100, cooldownMs: 0 };
    await this.ask({
      kind: 'put-policy',
      fields: { ...fields, maxConcurrent: 1, leaseTtlMs: 4_000, pacing: 'NONE' },
    });
    // A budget that was gone has begun anew with the clock of the one before.
    await this.ask({ kind: 'reset-clock' });
    const waiting = Array.from({ length: WAITERS }, (_, at) => this.wait(`waiter-${at}`));
    await Promise.all([...waiting, this.hog()]);
  }

  private async wait(aiId: string): Promise<void> {
    const slot = await this.slot(aiId, WAIT_MS);
    if (!slot) this.world.violated(`${aiId} waited ${WAIT_MS} ms and got no slot`);
    this.done += 1;
  }

  private async hog(): Promise<void> {
    for (let turn = 0; this.done < WAITERS && turn < 200; turn += 1) await this.slot('hog', 0);
  }

  /** Takes the slot, if it gets it, for a moment. Everybody asks the same copy: others know nothing of its queue. */
  private async slot(aiId: string, waitMs: number): Promise<boolean> {
    const { world } = this;
    const [copy] = world.copies;
    if (copy === undefined) return false;
    const ids = {
      requestId: `w-${++this.made}`,
      nonce: `w-${this.made}`,
      fingerprint: 'f',
      requestIdMade: false,
    };
    const request = { kind: 'acquire', aiId, estimatedTokens: 10, ...ids } as const;
    const outcome = await this.ask(request, { waitMs, copy });
    await world.pause(world.random() * 100);
    if (outcome?.kind !== 'granted') return false;
    const lease = parseLeaseId(outcome.lease.leaseId);
    if (lease?.budgetId === BUDGET) await this.ask({ kind: 'release', lease });
    return true;
  }
}
