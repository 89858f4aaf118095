import { REQUEST_MEMORY_MS } from '../../src/domain/model/limits.js';
import type { OutcomeOf } from '../../src/domain/model/outcomes.js';
import type { AcquireRequest, LeaseRef } from '../../src/domain/model/requests.js';
import type { SessionRef } from '../../src/domain/model/session-ref.js';
import type { Unreported, UsageReport } from '../../src/domain/model/types.js';
import type { TestCaller } from '../support/caller.js';
import { counts, refOf, usage } from '../support/requests.js';
import { SimulatedCaller } from './caller.js';
import { extremeName, extremeRequest } from './extremes.js';
import type { Journal } from './journal.js';
import { REFUSED_LABEL } from './sim-store.js';
import type { Replica, SimWorld } from './sim-world.js';

type Recorded = Extract<OutcomeOf['record'], { kind: 'recorded' }>;

interface Work {
  readonly lease: LeaseRef;
  readonly request: AcquireRequest;
  /** Of the world, when it was asked for. */
  readonly epochs: number;
  readonly askedAt: number;
  /** What it may still spend, where it stays within its reservation. */
  left: number;
  /** A report had no answer, so nobody knows what is left. */
  unsure?: true;
}

/** A session's stream, as far as a call on it goes. */
export interface Carrier {
  readonly session: SessionRef;
  readonly replica: Replica;
  readonly stream: TestCaller;
}

/** One AI: asks, works, reports, releases; and all that goes wrong with a real one. */
export class Client extends SimulatedCaller {
  private made = 0;
  private readonly old: Work[] = [];
  /** Needs slots of two budgets, and the other one is often full. */
  private readonly fickle = this.world.random() < 0.2;

  constructor(
    world: SimWorld,
    journal: Journal,
    readonly aiId: string,
    /** Never spends more than it reserved. */
    private readonly modest: boolean,
  ) {
    super(world, journal);
  }

  async run(cycles: number): Promise<void> {
    for (let cycle = 0; cycle < cycles; cycle += 1) {
      await this.world.pause(this.world.random() * 3_000);
      if (!this.modest && this.world.random() < 0.15) await this.reportUnleased();
      if (this.world.random() < 0.15 && this.old.length > 0) await this.reportLate();
      if (this.world.random() < 0.15 && this.old.length > 0) await this.repeat(this.world.pick(this.old));
      await this.beforeWork();
      if (this.world.random() < 0.03) await this.askTheImpossible();
      const work = await this.acquire();
      if (work === undefined) continue;
      if (this.fickle && this.world.random() < 0.5) await this.giveBack(work);
      else await this.work(work);
    }
  }

  /** What carries its leases: nothing, each call is one of its own. */
  protected carrier(): Carrier | undefined {
    return undefined;
  }

  protected async beforeWork(): Promise<void> {}
  protected async amidWork(): Promise<void> {}

  private request(more: Partial<AcquireRequest> = {}): AcquireRequest {
    const { world } = this;
    return {
      ...{ kind: 'acquire', aiId: this.aiId, requestId: this.id('r'), requestIdMade: false },
      ...{ fingerprint: 'f', nonce: `n-${++this.made}` },
      leaseTtlMs: 1_000 + Math.floor(world.random() * 8_000),
      ...this.asked(),
      ...world.pick([{}, { model: 'm' }, { model: 'm-dear' }]),
      ...extremeRequest(world.extreme, () => world.random()),
      ...more,
    };
  }

  /** How much it asks for: an estimate, counts, or nothing; all of it, or at least so much. */
  private asked(): Pick<AcquireRequest, 'estimatedTokens' | 'expected' | 'atLeastTokens'> {
    const { world } = this;
    const kind = world.random();
    const enough = world.random() < 0.4;
    const upTo = (most: number) => 1 + Math.floor(world.random() * most);
    // Extreme sums come as estimates, and nobody may give both.
    if (kind < 0.15 && world.extreme !== 'SUMS') {
      // Weights may bring it down to a third.
      const atLeast = enough ? { atLeastTokens: upTo(30) } : {};
      return { expected: counts({ total: 100 + upTo(900) }), ...atLeast };
    }
    if (!this.modest && kind < 0.5) return enough ? { atLeastTokens: upTo(400) } : {};
    const estimatedTokens = upTo(enough ? 8_000 : 400);
    return enough ? { estimatedTokens, atLeastTokens: upTo(estimatedTokens) } : { estimatedTokens };
  }

  private async acquire(): Promise<Work | undefined> {
    const { world } = this;
    const requestIdMade = world.random() < 0.2;
    const carrier = this.carrier();
    const request = this.request({ requestIdMade, ...(carrier && { session: carrier.session }) });
    const asked = { epochs: world.epochs, askedAt: world.time.now };
    const waitMs = world.random() < 0.3 ? Math.floor(world.random() * 5_000) : 0;
    const leaves = carrier === undefined && waitMs > 0 && world.random() < 0.2;
    const leavesAfterMs = leaves ? world.random() * waitMs : undefined;
    const outcome = await this.ask(request, {
      waitMs,
      tries: requestIdMade ? 1 : 12,
      ...(leavesAfterMs === undefined ? {} : { leavesAfterMs }),
      ...(carrier && { replica: carrier.replica, stream: carrier.stream }),
    });
    if (outcome?.kind !== 'granted') return undefined;
    const work = { lease: refOf(outcome), request, ...asked, left: outcome.lease.reservedTokens };
    if (!requestIdMade) await this.repeat(work);
    return work;
  }

  /** The same request again, sometimes: it has the lease that it got, or that one is over. */
  private async repeat({ request, lease, epochs, askedAt }: Work): Promise<void> {
    if (request.requestIdMade || this.world.random() > 0.4) return;
    const { closed } = this.journal.now(lease.leaseId);
    const again = await this.askAgain(request);
    // How long an id is known is measured by the budget's clock, also while that is wrong.
    const forgotten = this.world.time.latestBelief - askedAt >= REQUEST_MEMORY_MS;
    if (!this.world.sameEpoch(epochs) || forgotten || again === undefined) return;
    if (closed && again.kind === 'granted')
      this.world.violated(`${request.requestId} was granted after its end`);
    if (again.kind === 'granted' && again.lease.leaseId !== lease.leaseId) {
      this.world.violated(`${this.aiId}: ${request.requestId} was granted twice`);
    }
    if (again.kind === 'denied')
      this.world.violated(`${request.requestId} was granted, and denied when repeated`);
  }

  /** On what carries its leases now, or as a call of its own. */
  private askAgain({ session: _, ...request }: AcquireRequest): Promise<OutcomeOf['acquire'] | undefined> {
    const carrier = this.world.random() < 0.5 ? this.carrier() : undefined;
    if (carrier === undefined) return this.ask(request);
    const { session, replica, stream } = carrier;
    return this.ask({ ...request, session }, { replica, stream });
  }

  private async work(work: Work): Promise<void> {
    const { world } = this;
    const { lease } = work;
    for (let reports = Math.floor(world.random() * 3); reports > 0; reports -= 1) {
      await world.pause(world.random() * 2_000);
      await this.amidWork();
      if (world.random() < 0.3) await this.renew(work);
      await this.report(work, this.id('u'));
      if (world.random() < 0.3) await this.ask({ kind: 'get-lease', key: { lease } });
    }
    // A crash: nobody releases it.
    this.old.push(work);
    if (world.random() < 0.25) return;
    await this.release(work);
    if (world.random() < 0.2) await this.ask({ kind: 'get-lease', key: { lease } });
    if (world.random() < 0.1) await this.ask({ kind: 'renew', lease });
    if (!work.request.requestIdMade) await this.repeat(work);
  }

  /** Some calls are made on what carries its leases, the rest are calls of their own. */
  private onStream() {
    const carrier = this.world.random() < 0.5 ? this.carrier() : undefined;
    if (carrier === undefined) return { call: {}, on: {} };
    const { session, replica, stream } = carrier;
    return { call: { session }, on: { replica, stream } };
  }

  private async renew(work: Work): Promise<void> {
    const reserveTokens = this.world.random() < 0.5 ? 1 + Math.floor(this.world.random() * 500) : undefined;
    const { lease } = work;
    const { call, on } = this.onStream();
    const leaseTtlMs = this.world.pick([undefined, undefined, 1_000, 60_000]);
    const more = { ...(reserveTokens && { reserveTokens }), ...(leaseTtlMs && { leaseTtlMs }) };
    const renewed = await this.ask({ kind: 'renew', lease, ...more, ...call }, on);
    if (renewed?.kind !== 'renewed') return;
    if (!work.unsure) work.left = Math.max(0, renewed.lease.reservedTokens - renewed.lease.usedTokens);
  }

  private async giveBack(work: Work): Promise<void> {
    this.old.push(work);
    await this.release(work, 'UNUSED');
  }

  private async release(
    work: Work,
    unreported: Unreported | undefined = this.world.pick([undefined, undefined, 'PRESUME', 'UNUSED']),
  ): Promise<void> {
    const reports = unreported !== 'UNUSED' && this.world.random() < 0.5;
    const usage = reports ? this.usage(work, this.id('u')) : undefined;
    const { call, on } = this.onStream();
    const request = { kind: 'release', lease: work.lease, ...(usage && { usage }), ...call } as const;
    const released = await this.ask({ ...request, ...(unreported && { unreported }) }, on);
    if (unreported === 'PRESUME' && this.world.random() < 0.5) await this.settle(work);
    if (released?.kind !== 'released') return;
    const { usedTokens, freedTokens, overrunTokens } = released;
    this.journal.same(
      `release ${work.lease.leaseId} ${unreported}`,
      `${usedTokens} ${freedTokens} ${overrunTokens}`,
    );
    work.left = 0;
    if (usage !== undefined && unreported === undefined && this.world.random() < 0.2)
      await this.releaseOtherwise(work, usage);
  }

  /** What a release left presumed is known now. */
  private async settle({ lease }: Work): Promise<void> {
    await this.world.pause(this.world.random() * 20_000);
    const settled = await this.ask({ kind: 'release', lease });
    if (settled?.kind !== 'released') return;
    const { usedTokens, freedTokens, overrunTokens } = settled;
    this.journal.same(`release ${lease.leaseId} settled`, `${usedTokens} ${freedTokens} ${overrunTokens}`);
  }

  /** The same amounts under another id are another usage: that is no repeat, and nothing of it is booked. */
  private async releaseOtherwise({ lease, epochs }: Work, usage: UsageReport): Promise<void> {
    const other = { ...usage, usageId: this.id('u') };
    const again = await this.world.call({ kind: 'release', lease, usage: other }).catch(() => undefined);
    if (again?.kind === 'released' && this.world.sameEpoch(epochs))
      this.world.violated(`lease ${lease.leaseId} was released with ${usage.usageId} and ${other.usageId}`);
  }

  private async report(work: Work, usageId: string): Promise<void> {
    const { lease } = work;
    const usage = this.usage(work, usageId);
    const outcome = await this.ask({ kind: 'record', lease, usage });
    if (outcome?.kind === 'recorded') this.booked(usageId, outcome);
    else Object.assign(work, { left: 0, unsure: true });
    // A client that is not sure sends it again; that must change nothing.
    if (this.world.random() < 0.3) {
      if (this.world.random() < 0.3) await this.world.pause(this.world.random() * 8_000);
      const again = await this.ask({ kind: 'record', lease, usage });
      if (again?.kind === 'recorded') this.booked(usageId, again);
    }
  }

  private async reportLate(): Promise<void> {
    await this.report(this.world.pick(this.old), this.id('late'));
  }

  private async reportUnleased(): Promise<void> {
    const usageId = this.id('x');
    const usage = this.usage(undefined, usageId);
    const { epochs } = this.world;
    for (let times = this.world.random() < 0.3 ? 2 : 1; times > 0; times -= 1) {
      const outcome = await this.ask({ kind: 'record-unleased', aiId: this.aiId, usage });
      // A budget that begins anew knows nothing of the usage of the one before.
      if (times < 2 && !this.world.sameEpoch(epochs)) return;
      if (outcome?.kind === 'recorded') this.booked(usageId, outcome);
    }
  }

  /** What the store refuses fails alone. */
  private async askTheImpossible(): Promise<void> {
    const outcome = await this.ask(this.request({ labels: { [REFUSED_LABEL]: 'yes' } }), { tries: 1 });
    if (outcome?.kind === 'granted') this.world.violated('granted what the store refuses');
  }

  private booked(usageId: string, { chargedTokens, overrunTokens, late }: Recorded): void {
    if (this.modest && overrunTokens > 0)
      this.world.violated(`${usageId} was within its reservation, and overran it`);
    this.journal.usages.set(`${this.aiId} ${usageId}`, chargedTokens);
    this.journal.same(`${this.aiId}: usage ${usageId}`, `${chargedTokens} ${overrunTokens} ${late}`);
  }

  private usage(work: Work | undefined, usageId: string): UsageReport & { readonly usageId: string } {
    const wanted = Math.floor(this.world.random() * 300);
    const total = this.modest ? Math.min(wanted, work?.left ?? 0) : wanted;
    if (work !== undefined) work.left -= Math.min(work.left, total);
    const more = this.world.pick([{}, {}, { failed: true }, { calls: 0 }, { calls: 3, failed: true }]);
    const report = usage(usageId, total, this.world.pick(['m', 'gpt-4.1', '']), more);
    return { ...report, fingerprint: `${total} ${JSON.stringify(more)}` };
  }

  private id(kind: string): string {
    this.made += 1;
    return extremeName(this.world.extreme, `${kind}-${this.made}`);
  }
}
