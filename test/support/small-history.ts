import { parseLeaseId } from '../../src/domain/model/lease-id.js';
import type { PolicyFields } from '../../src/domain/model/policy.js';
import type { AcquireRequest, LeaseRef } from '../../src/domain/model/requests.js';
import { policyViolations } from '../../src/domain/policy/policy-check.js';
import { TestBudget } from './budget.js';
import { Chance } from './chance.js';

const STEPS = 40;
const HOUR_MS = 3_600_000;
export const AIS = ['a', 'b', 'c', 'd'] as const;

export type Asks = Pick<AcquireRequest, 'estimatedTokens' | 'expected' | 'atLeastTokens'>;

/** A short random history of one small budget, at whose every step something is asked that must hold. */
export abstract class SmallHistory extends Chance {
  protected readonly budget: TestBudget;
  protected readonly leases: LeaseRef[] = [];

  constructor(
    random: () => number,
    /** What it is about and was met. */
    protected readonly met: Set<string>,
  ) {
    super(random);
    const start = this.pick(['2026-11-02T09:10:00Z', '2026-11-29T20:00:00Z', '2028-02-28T22:00:00Z']);
    this.budget = new TestBudget(this.policy(), start);
  }

  run(): void {
    for (let step = 0; step < STEPS; step += 1) {
      this.budget.pass(this.pick([0, 0, 1_000, 70_000, HOUR_MS, 9 * HOUR_MS]));
      const kind = this.below(12);
      if (kind < 6) this.acquire();
      else if (kind < 8) this.spend();
      else if (kind < 10) this.release();
      else if (kind === 10) this.budget.do({ kind: 'put-policy', fields: this.nextPolicy() });
      else this.budget.writeOut();
      this.check(this.pick(AIS), this.size());
    }
  }

  /** Asks without taking, and holds the answer against what would become of it. */
  protected abstract check(aiId: string, tokens: number): void;

  /** What of a policy it is about, beside what all of them choose. */
  protected abstract ownFields(): PolicyFields;

  /** How a slot is asked for. */
  protected abstract asks(): Asks;

  protected nextPolicy(): PolicyFields {
    return this.policy();
  }

  protected policy(): PolicyFields {
    for (;;) {
      const fields: PolicyFields = {
        monthlyLimit: this.pick([10_000, 100_000]),
        enforcedPercent: this.pick([100, 70]),
        maxDailyPercent: this.pick([100, 30, 8]),
        maxHourlyPercent: this.pick([100, 20, 3]),
        minDailyPercent: this.pick([0, 1]),
        maxDailyPercentPerAi: this.pick([100, 40, 10]),
        pacing: this.pick(['NONE', 'FLOOR', 'EVEN', 'EVEN'] as const),
        onExpiry: this.pick(['CHARGE', 'REFUND'] as const),
        cooldownMs: this.pick([0, 0, 60_000]),
        maxConcurrent: this.pick([1, 2, 5]),
        maxConcurrentPerAi: this.pick([1, 3]),
        minEstimate: this.pick([0, 0, 50]),
        leaseTtlMs: this.pick([60_000, 1_800_000]),
        maxReportTokens: 100_000,
        timeZone: this.pick(['UTC', 'Europe/Berlin']),
        ...(this.random() < 0.3 ? this.guarantees() : {}),
        ...this.ownFields(),
      };
      if (policyViolations(fields).length === 0) return fields;
    }
  }

  private guarantees(): PolicyFields {
    const [ofA, ofB] = this.pick([
      [40, 20],
      [50, 50],
      [0, 10],
      [0.5, 0],
    ] as const);
    const slots = this.pick([0, 1]);
    return {
      lending: this.pick(['GRADUAL', 'GRADUAL', 'NEVER'] as const),
      teams: [
        ['a', { aiIds: ['a'], guaranteedPercent: ofA, guaranteedSlots: slots }],
        ['b', { aiIds: ['b', 'c'], guaranteedPercent: ofB }],
      ],
    };
  }

  protected size(): number {
    return 1 + this.below(this.pick([50, 500, 5_000, 100_000]));
  }

  private acquire(): void {
    const asks = { ...this.asks(), leaseTtlMs: 1_000 + this.below(HOUR_MS) };
    const outcome = this.budget.acquire(this.pick(AIS), asks);
    const lease = outcome.kind === 'granted' ? parseLeaseId(outcome.lease.leaseId) : undefined;
    if (lease !== undefined) this.leases.push(lease);
  }

  private spend(): void {
    const lease = this.leases.at(-1);
    if (lease !== undefined) this.budget.record(lease, this.below(2_000));
  }

  private release(): void {
    const [lease] = this.leases.splice(this.below(this.leases.length), 1);
    if (lease !== undefined) this.budget.release(lease, this.below(300));
  }
}
