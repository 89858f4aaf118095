import { ArbiterError, type CallerRequest } from '../../src/arbiter/door.js';
import { parseLeaseId } from '../../src/domain/lease-id.js';
import type { OutcomeOf } from '../../src/domain/outcomes.js';
import type { AcquireRequest, LeaseRef } from '../../src/domain/requests.js';
import type { UsageReport } from '../../src/domain/types.js';
import type { Journal } from './invariants.js';
import { GaveUp, type SimWorld } from './sim-world.js';

const TRIES = 12;

/** One AI: asks, works, reports, releases; and all that goes wrong with a real one. */
export class Client {
  private made = 0;
  private readonly old: LeaseRef[] = [];
  private readonly answers = new Map<string, string>();

  constructor(
    private readonly world: SimWorld,
    private readonly journal: Journal,
    readonly aiId: string,
  ) {}

  async run(cycles: number): Promise<void> {
    for (let cycle = 0; cycle < cycles; cycle += 1) {
      await this.world.pause(this.world.random() * 3_000);
      if (this.world.random() < 0.15) await this.reportUnleased();
      if (this.world.random() < 0.15 && this.old.length > 0) await this.reportLate();
      const lease = await this.acquire();
      if (lease !== undefined) await this.work(lease);
    }
  }

  private async acquire(): Promise<LeaseRef | undefined> {
    const { world } = this;
    const requestIdMade = world.random() < 0.2;
    const request: AcquireRequest = {
      kind: 'acquire',
      aiId: this.aiId,
      requestId: this.id('r'),
      requestIdMade,
      fingerprint: 'f',
      nonce: this.id('n'),
      leaseTtlMs: 1_000 + Math.floor(world.random() * 8_000),
      ...(world.random() < 0.5 ? { estimatedTokens: 1 + Math.floor(world.random() * 400) } : {}),
    };
    const waitMs = world.random() < 0.3 ? Math.floor(world.random() * 5_000) : 0;
    const outcome = await this.ask(request, waitMs, requestIdMade ? 1 : TRIES);
    if (outcome?.kind !== 'granted') return undefined;
    const lease = parseLeaseId(outcome.lease.leaseId);
    if (!requestIdMade) this.same(`acquire ${request.requestId}`, outcome.lease.leaseId);
    return lease;
  }

  private async work(lease: LeaseRef): Promise<void> {
    const { world } = this;
    for (let reports = Math.floor(world.random() * 3); reports > 0; reports -= 1) {
      await world.pause(world.random() * 2_000);
      if (world.random() < 0.3) {
        const reserveTokens = 1 + Math.floor(world.random() * 500);
        await this.ask({ kind: 'renew', lease, ...(world.random() < 0.5 ? { reserveTokens } : {}) });
      }
      await this.report(lease, this.id('u'));
    }
    // A crash: nobody releases it.
    this.old.push(lease);
    if (world.random() < 0.25) return;
    const usage = world.random() < 0.5 ? this.usage(this.id('u')) : undefined;
    const released = await this.ask({ kind: 'release', lease, ...(usage && { usage }) });
    if (released?.kind === 'released') {
      const { usedTokens, freedTokens, overrunTokens } = released;
      this.same(`release ${lease.leaseId}`, `${usedTokens} ${freedTokens} ${overrunTokens}`);
    }
  }

  private async report(lease: LeaseRef, usageId: string): Promise<void> {
    const usage = this.usage(usageId);
    const outcome = await this.ask({ kind: 'record', lease, usage });
    if (outcome?.kind === 'recorded') this.booked(usageId, outcome);
    // A client that is not sure sends it again; that must change nothing.
    if (this.world.random() < 0.2) {
      const again = await this.ask({ kind: 'record', lease, usage });
      if (again?.kind === 'recorded') this.booked(usageId, again);
    }
  }

  private async reportLate(): Promise<void> {
    await this.report(this.world.pick(this.old), this.id('late'));
  }

  private async reportUnleased(): Promise<void> {
    const usageId = this.id('x');
    const request = { kind: 'record-unleased', aiId: this.aiId, usage: this.usage(usageId) } as const;
    const outcome = await this.ask(request);
    if (outcome?.kind === 'recorded') this.booked(usageId, outcome);
  }

  private booked(usageId: string, { chargedTokens, overrunTokens, late }: Extract<OutcomeOf['record'], { kind: 'recorded' }>): void {
    this.journal.usages.set(`${this.aiId} ${usageId}`, chargedTokens);
    this.same(`usage ${usageId}`, `${chargedTokens} ${overrunTokens} ${late}`);
  }

  /** No answer may contradict an earlier one. */
  private same(what: string, answer: string): void {
    const before = this.answers.get(what);
    if (before !== undefined && before !== answer) {
      this.world.violations.push(`${this.aiId}: ${what} was answered ${before}, then ${answer}`);
    }
    this.answers.set(what, answer);
  }

  /** Repeats with the same ids until there is an answer; sometimes twice at once, as a hasty client does. */
  private async ask<R extends CallerRequest>(
    request: R,
    waitMs = 0,
    tries = TRIES,
  ): Promise<OutcomeOf[R['kind']] | undefined> {
    for (let attempt = 0; attempt < tries; attempt += 1) {
      try {
        if (tries > 1 && this.world.random() < 0.1) void this.world.call(request).catch(() => {});
        return await this.world.call(request, waitMs);
      } catch (error) {
        if (!(error instanceof ArbiterError) && !(error instanceof GaveUp)) throw error;
        await this.world.pause(this.world.random() * 1_000);
      }
    }
    return undefined;
  }

  private usage(usageId: string): UsageReport & { readonly usageId: string } {
    const total = Math.floor(this.world.random() * 300);
    const tokens = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0, total };
    const model = this.world.pick(['m', 'gpt-4.1', '']);
    return { usageId, tokens, model, requestType: '', failed: false, errorMessage: '', fingerprint: String(total) };
  }

  private id(kind: string): string {
    this.made += 1;
    return `${kind}-${this.made}`;
  }
}
