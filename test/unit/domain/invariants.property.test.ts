import { describe, expect, it } from 'vitest';
import { parseLeaseId } from '../../../src/domain/lease-id.js';
import type { Outcome } from '../../../src/domain/outcomes.js';
import type { PolicyFields } from '../../../src/domain/policy.js';
import type { LeaseRef } from '../../../src/domain/requests.js';
import { Slots } from '../../../src/domain/slots.js';
import { standingOf } from '../../../src/domain/standing.js';
import { UNKNOWN } from '../../../src/domain/types.js';
import { TestBudget, usage } from '../../support/budget.js';
import { newSeed, randomFrom } from '../../support/seed.js';

const HOUR_MS = 3_600_000;
const HISTORIES = 25;
const STEPS = 250;

/** A random history of one budget, and what it must never break. */
class History {
  readonly budget: TestBudget;
  private readonly leases: LeaseRef[] = [];
  private readonly answers = new Map<string, string>();
  private readonly booked = new Map<string, number>();
  private made = 0;
  private fence = 0;
  private revision = 0;

  constructor(private readonly random: () => number) {
    const starts = [
      '2026-11-29T20:00:00Z',
      '2026-10-24T20:00:00Z',
      '2028-02-28T22:00:00Z',
      '2026-03-28T20:00:00Z',
    ];
    this.budget = new TestBudget(this.policy(), this.pick(starts));
  }

  private pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.random() * from.length)] as T;
  }

  private policy(): PolicyFields {
    return {
      monthlyLimit: 100_000,
      maxDailyPercent: 15,
      maxHourlyPercent: 6,
      pacing: this.pick(['NONE', 'FLOOR', 'EVEN'] as const),
      onExpiry: this.pick(['CHARGE', 'REFUND'] as const),
      cooldownMs: this.pick([0, 30_000]),
      maxConcurrent: this.pick([1, 2, 5]),
      maxConcurrentPerAi: this.pick([1, 3]),
      maxDailyPercentPerAi: this.pick([100, 40]),
      lateReportGraceMs: this.pick([0, HOUR_MS]),
      timeZone: this.pick(['UTC', 'Europe/Berlin', 'Australia/Lord_Howe']),
      ...(this.random() < 0.3 ? { tokenWeights: { total: 33.3 } } : {}),
    };
  }

  step(): void {
    const { budget } = this;
    budget.pass(this.pick([0, 1_000, 20_000, 130_000, HOUR_MS, 7 * HOUR_MS]));
    const kind = Math.floor(this.random() * 20);
    if (kind < 7) this.acquire();
    else if (kind < 11) this.record();
    else if (kind < 14) this.release();
    else if (kind === 14) this.renew();
    else if (kind === 15) budget.writeOut();
    else if (kind === 16) budget.reload();
    else if (kind === 17) this.operate();
    else if (kind === 18) this.adjust();
    else this.unleased();
    this.check();
  }

  private ai(): string {
    return this.pick(['a', 'b', 'c', 'd']);
  }

  private acquire(): void {
    const { budget } = this;
    const estimate = this.random() < 0.6 ? { estimatedTokens: 1 + Math.floor(this.random() * 900) } : {};
    const outcome = budget.acquire(this.ai(), {
      requestId: `r${Math.floor(this.random() * 40)}`,
      ...estimate,
    });
    if (outcome.kind !== 'granted' || outcome.replayed) return;
    const { leaseId, fence } = outcome.lease;
    expect(fence).toBeGreaterThan(this.fence);
    this.fence = fence;
    const lease = parseLeaseId(leaseId);
    if (lease !== undefined) this.leases.push(lease);
    this.checkGrant();
  }

  /** Right after a grant, what is spent and reserved is within every cap in force. */
  private checkGrant(): void {
    const { state } = this.budget;
    const { hour, day, month } = standingOf(state);
    expect(hour.spent + hour.reserved).toBeLessThanOrEqual(state.allowance.hourlyMax);
    expect(day.spent + day.reserved).toBeLessThanOrEqual(day.cap.tokens);
    expect(month.spent + month.reserved).toBeLessThanOrEqual(state.allowance.enforced);
    expect(state.slots.live).toBeLessThanOrEqual(state.policy.maxConcurrent);
  }

  private record(): void {
    const lease = this.leases.length > 0 ? this.pick(this.leases) : undefined;
    if (lease === undefined) return;
    const usageId = `u${this.random() < 0.3 ? Math.floor(this.random() * this.made) : ++this.made}`;
    const outcome = this.budget.record(lease, usageTokens(usageId), usageId) as Outcome;
    if (outcome.kind === 'recorded') this.book(`${outcome.lease?.aiId} ${usageId}`, outcome);
  }

  private unleased(): void {
    const [usageId, aiId] = [`u${++this.made}`, this.ai()];
    const outcome = this.budget.do({
      kind: 'record-unleased',
      aiId,
      usage: usage(usageId, usageTokens(usageId)),
    });
    if (outcome.kind === 'recorded') this.book(`${aiId} ${usageId}`, outcome);
  }

  private book(key: string, outcome: Extract<Outcome, { kind: 'recorded' }>): void {
    const { chargedTokens, overrunTokens, late, replayed } = outcome;
    const before = this.booked.get(key);
    // An id is known for 7 days; then it is free again.
    const known = before !== undefined && this.budget.now - before < 7 * 24 * HOUR_MS;
    expect(replayed).toBe(known);
    if (!known) this.booked.set(key, this.budget.now);
    this.same(`usage ${key} of ${this.booked.get(key)}`, `${chargedTokens} ${overrunTokens} ${late}`);
  }

  private release(): void {
    const lease = this.leases.length > 0 ? this.pick(this.leases) : undefined;
    if (lease === undefined) return;
    const outcome = this.budget.release(lease) as Outcome;
    if (outcome.kind !== 'released') return;
    this.same(`release ${lease.leaseId}`, `${outcome.usedTokens} ${outcome.freedTokens}`);
  }

  private renew(): void {
    const lease = this.leases.length > 0 ? this.pick(this.leases) : undefined;
    if (lease === undefined) return;
    this.budget.do({ kind: 'renew', lease, reserveTokens: 1 + Math.floor(this.random() * 1_500) });
  }

  private operate(): void {
    const { budget } = this;
    const live = [...budget.state.tables.leases.values()][0];
    const lease = live && parseLeaseId(live.leaseId);
    const kind = Math.floor(this.random() * 4);
    if (kind === 0) budget.do({ kind: 'put-policy', fields: this.policy() });
    else if (kind === 1) budget.do({ kind: 'pause', reason: '' });
    else if (kind === 2 && lease) budget.do({ kind: 'revoke', lease, reason: '' });
    budget.do({ kind: 'resume' });
  }

  private adjust(): void {
    const adjustmentId = `x${++this.made}`;
    const tokens = Math.floor(this.random() * 400) - 150 || 1;
    this.budget.do({
      kind: 'adjust',
      adjustmentId,
      tokens,
      reason: '',
      fingerprint: '',
      ...(this.random() < 0.5 ? { model: 'm' } : {}),
    });
  }

  private same(what: string, answer: string): void {
    expect(this.answers.get(what) ?? answer, what).toBe(answer);
    this.answers.set(what, answer);
  }

  private check(): void {
    const { state } = this.budget;
    const { tables } = state;
    expect(state.revision).toBeGreaterThanOrEqual(this.revision);
    this.revision = state.revision;
    for (const [day, totals] of tables.days.entries()) {
      const models = tables.ofDay(tables.dayModels, day);
      expect(sum(totals.hours.map(({ tokens }) => tokens)), day).toBe(totals.total);
      expect(sum(tables.ofDay(tables.dayAis, day).values()), day).toBe(totals.total);
      expect(sum(models.values()), day).toBe(totals.total);
      expect(totals.presumed, day).toBeLessThanOrEqual(models.get(UNKNOWN) ?? 0);
      expect(
        Math.min(totals.presumed, totals.late, ...totals.hours.map(({ tokens }) => tokens)),
      ).toBeGreaterThanOrEqual(0);
    }
    const month = sum(tables.dayTotals.values());
    expect(tables.monthSpent).toBe(month);
    expect(sum(tables.monthAis.values())).toBe(month);
    expect(sum(tables.monthModels.values())).toBe(month);
    this.checkIndexes();
  }

  /** What is kept beside the leases is what would be counted from them. */
  private checkIndexes(): void {
    const { state } = this.budget;
    const counted = new Slots();
    for (const lease of state.tables.leases.values()) counted.replace(undefined, lease);
    expect(state.slots.live).toBe(counted.live);
    expect(state.slots.reserved(() => true)).toBe(counted.reserved(() => true));
    expect(state.slots.firstExpiry()?.expiresAt).toBe(counted.firstExpiry()?.expiresAt);
  }
}

/** The same id has the same content, whoever repeats it. */
function usageTokens(usageId: string): number {
  return (Number(usageId.slice(1)) * 37) % 700;
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

describe('random histories', () => {
  const seed = newSeed('invariants');
  it(`keep every invariant (seed ${seed})`, { timeout: 60_000 }, () => {
    for (let at = 0; at < HISTORIES; at += 1) {
      const history = new History(randomFrom(seed + at));
      for (let step = 0; step < STEPS; step += 1) history.step();
    }
  });

  it(`find the daily minimum on every day under FLOOR, whatever was spent within reservations (seed ${seed})`, {
    timeout: 60_000,
  }, () => {
    for (let at = 0; at < 8; at += 1) {
      const random = randomFrom(seed + 1_000 + at);
      const budget = new TestBudget(
        { cooldownMs: 0, maxConcurrent: 3, maxHourlyPercent: 8 },
        '2026-11-01T00:00:00Z',
      );
      for (let day = 1; day <= 30; day += 1) {
        budget.at(`2026-11-${String(day).padStart(2, '0')}T00:00:00Z`);
        expect(budget.window('DAY').cap, `day ${day}`).toBeGreaterThanOrEqual(2_800);
        for (let ask = 0; ask < 12; ask += 1) {
          budget.pass(Math.floor(random() * 2 * HOUR_MS * 0.95));
          const outcome = budget.acquire(`ai-${ask % 3}`, {
            estimatedTokens: 1 + Math.floor(random() * 6_000),
            leaseTtlMs: 60_000,
          });
          const lease = outcome.kind === 'granted' ? parseLeaseId(outcome.lease.leaseId) : undefined;
          if (lease === undefined || outcome.kind !== 'granted' || random() < 0.2) continue;
          budget.release(lease, Math.floor(random() * (outcome.lease.reservedTokens + 1)));
        }
        budget.writeOut();
      }
    }
  });
});
