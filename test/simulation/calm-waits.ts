import { parseLeaseId } from '../../src/domain/model/lease-id.js';
import type { OutcomeOf } from '../../src/domain/model/outcomes.js';
import type { PolicyFields } from '../../src/domain/model/policy.js';
import type { AcquireRequest } from '../../src/domain/model/requests.js';
import { TestCaller } from '../support/caller.js';
import { SimulatedCaller } from './caller.js';
import type { Replica } from './sim-world.js';

/** How often a replica with waiters looks what others have changed, and what commits take on a calm sea. */
const HEARD_WITHIN_MS = 900;
const WAIT_MS = 60_000;
const COOLDOWN_MS = 20_000;
const POLICY: PolicyFields = {
  ...{ monthlyLimit: 1e9, maxHourlyPercent: 100, maxDailyPercent: 100, pacing: 'NONE' },
  ...{ maxConcurrent: 1, cooldownMs: COOLDOWN_MS, leaseTtlMs: 120_000 },
};

/** On a calm sea: who waits hears soon of what became of it, by whatever replica. */
export class CalmWaits extends SimulatedCaller {
  private made = 0;

  async run(): Promise<void> {
    await this.ask({ kind: 'resume' });
    await this.putPolicy(POLICY);
    // A budget that was gone has begun anew with the clock of the one before.
    await this.ask({ kind: 'reset-clock' });
    await this.ofAGrantElsewhere();
    await this.ofADeletion();
  }

  /** The same request, by two replicas: only one of its two calls is there for the answer that both must have. */
  private async ofAGrantElsewhere(): Promise<void> {
    const { world } = this;
    await this.ask({ kind: 'pause', reason: 'test' });
    const request = this.request();
    const [here, there] = [world.pick(world.replicas), world.pick(world.replicas)];
    const waiting = this.wait(here, request);
    await world.pause(1_000);
    // Whichever is first; the other one's cooldown runs then.
    void world.call({ kind: 'resume' }, { replica: there });
    const granted = await this.untilGranted(there, { ...request, nonce: `calm-${++this.made}` });
    const heard = await this.heard(waiting, 'that its request was granted to another call');
    if (granted === '' || heard?.kind !== 'granted' || heard.lease.leaseId !== granted) {
      world.violated(`one request had two answers: ${granted}, ${heard?.kind}`);
    }
    const lease = parseLeaseId(granted);
    if (lease !== undefined) await this.ask({ kind: 'release', lease });
  }

  private async untilGranted(replica: Replica, request: AcquireRequest): Promise<string> {
    for (let tries = 0; tries < 20; tries += 1) {
      const outcome = await this.world.call(request, { replica });
      if (outcome.kind === 'granted') return outcome.lease.leaseId;
      await this.world.pause(20);
    }
    return '';
  }

  private async ofADeletion(): Promise<void> {
    const { world } = this;
    await this.ask({ kind: 'pause', reason: 'test' });
    const waiting = [1, 2, 3].map(() => this.wait(world.pick(world.replicas), this.request()));
    await world.pause(2_000);
    world.epochs += 1;
    await this.ask({ kind: 'delete-budget', force: true });
    for (const each of waiting) {
      const heard = await this.heard(each, 'that the budget is deleted');
      const why = heard?.kind === 'refused' ? heard.refusal.reason : heard?.kind;
      if (why !== 'BUDGET_NOT_FOUND') world.violated(`who waited in a deleted budget heard ${why}`);
    }
    await this.putPolicy(POLICY);
    this.journal.recreated();
    world.epochs += 1;
  }

  private request(): AcquireRequest {
    const ids = { requestId: `calm-${++this.made}`, nonce: `calm-${this.made}`, requestIdMade: false };
    return { kind: 'acquire', aiId: `calm-${this.made}`, estimatedTokens: 10, fingerprint: 'f', ...ids };
  }

  private wait(replica: Replica, request: AcquireRequest): Promise<OutcomeOf['acquire']> {
    return this.world.call(request, { waitMs: WAIT_MS, replica, stream: new TestCaller() });
  }

  private async heard(
    waiting: Promise<OutcomeOf['acquire']>,
    what: string,
  ): Promise<OutcomeOf['acquire'] | undefined> {
    const { world } = this;
    const since = world.scheduler.now;
    const outcome = await waiting.catch(() => undefined);
    const afterMs = Math.round(world.scheduler.now - since);
    if (afterMs > HEARD_WITHIN_MS) world.violated(`who waited heard after ${afterMs} ms ${what}`);
    return outcome;
  }
}
