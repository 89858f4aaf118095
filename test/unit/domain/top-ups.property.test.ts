import { describe, expect, it } from 'vitest';
import { standingOf } from '../../../src/domain/ledger/standing.js';
import type { PolicyFields } from '../../../src/domain/model/policy.js';
import { TestBudget } from '../../support/budget.js';
import { Chance } from '../../support/chance.js';
import { refOf } from '../../support/requests.js';
import { randomFrom, testSeed } from '../../support/seed.js';
import { largerMonth, overCaps } from '../../support/top-ups.js';

const HISTORIES = 25;
const STEPS = 220;
const HOUR_MS = 3_600_000;
/** Of 200,000. */
const ENFORCED = 140_000;
const GRANTABLE = 137_200;
const TO_MEET = ['rolled over', 'nothing left', 'taken back in part', 'all taken back'];

/** Months of any demand within its reservations, in which operators add top-ups and end them. */
describe('top-ups', () => {
  const seed = testSeed('top-ups');

  it(`keep their promises in random months (seed ${seed})`, { timeout: 600_000 }, () => {
    const met = new Set<string>();
    for (let at = 0; at < HISTORIES; at += 1) {
      try {
        new Months(randomFrom(seed + at), met).run();
      } catch (error) {
        throw new Error(`history ${at}, SEED=${seed}: ${error}`, { cause: error });
      }
    }
    expect(TO_MEET.filter((what) => !met.has(what))).toEqual([]);
  });
});

class Months extends Chance {
  private readonly rollover = this.pick([5, 30]);
  private readonly budget = new TestBudget(this.policy(), '2026-11-01T00:00:00Z');
  private made = 0;

  constructor(
    random: () => number,
    private readonly met: Set<string>,
  ) {
    super(random);
  }

  private policy(): PolicyFields {
    return {
      cooldownMs: 0,
      maxDailyPercent: this.pick([8, 20]),
      maxHourlyPercent: 8,
      maxConcurrent: 4,
      pacing: 'FLOOR',
      leaseTtlMs: HOUR_MS,
      lateReportGraceMs: 0,
      onExpiry: this.pick(['CHARGE', 'REFUND'] as const),
      rolloverMaxPercent: this.rollover,
    };
  }

  run(): void {
    const isBusy = this.random() < 0.7;
    for (let step = 0; step < STEPS; step += 1) {
      this.pass(this.pick([0, 0, HOUR_MS / 2, 7 * HOUR_MS, 26 * HOUR_MS]));
      this.spendOverMidnight();
      const kind = this.below(12);
      if (kind < 8) this.spend(isBusy ? 12_000 : 1_500);
      else if (kind === 8) this.add();
      else if (kind < 11) this.endSome();
      else this.correct();
      this.checkFloor();
      if (this.random() < 0.3) this.budget.writeOut();
    }
  }

  /** A month that begins has what the one before left over, and nothing of its top-ups. */
  private pass(ms: number): void {
    const { budget } = this;
    const { key, end } = budget.state.month;
    const leftOver = Math.max(0, GRANTABLE - this.takenIn(key, end));
    const expected = Math.min((ENFORCED * this.rollover) / 100, leftOver);
    budget.pass(ms).do({ kind: 'sweep' });
    const { month } = budget.state;
    if (month.key === key) return;
    const rolled = budget.state.tables.topUps.get(`rollover-${month.key}`)?.tokens ?? 0;
    expect(rolled, `rolled over to ${month.key}`).toBe(expected);
    this.met.add(expected > 0 ? 'rolled over' : 'nothing left');
  }

  /** Spent and reserved in the windows of the month, by the days and leases of the state; at its end, what was over and refunded is not. */
  private takenIn(month: string, end: number): number {
    const { tables, policy } = this.budget.state;
    const holds = [...tables.leases.values()].filter(
      ({ day, topUpId, expiresAt }) =>
        day.startsWith(month) && topUpId === undefined && (policy.onExpiry === 'CHARGE' || expiresAt > end),
    );
    return this.spentUntil('9999') + holds.reduce((sum, { reserved, used }) => sum + reserved - used, 0);
  }

  /** In the days of this month before that one. */
  private spentUntil(before: string): number {
    const { dayTotals, toppedDays } = this.budget.state.tables;
    let spent = 0;
    for (const [day, total] of dayTotals) if (day < before) spent += total - (toppedDays.get(day) ?? 0);
    return spent;
  }

  /** Before a month ends, now and then: what is held then was taken from it. */
  private spendOverMidnight(): void {
    const { budget } = this;
    const left = budget.state.month.end - budget.now;
    if (left > 40 * HOUR_MS || this.random() < 0.5) return;
    this.pass(Math.max(0, left - HOUR_MS / 3));
    budget.acquire('d', { estimatedTokens: 1_000 });
    this.pass(HOUR_MS / 2);
  }

  private spend(most: number): void {
    const { budget } = this;
    const outcome = budget.acquire(this.pick(['a', 'b', 'c']), { estimatedTokens: 1 + this.below(most) });
    if (outcome.kind !== 'granted' || this.random() < 0.2) return;
    budget.pass(this.pick([0, 60_000]));
    budget.release(refOf(outcome), this.below(outcome.lease.reservedTokens + 1));
  }

  private add(): void {
    const { budget } = this;
    this.made += 1;
    const id = `t${this.made}`;
    const tokens = 1 + this.below(this.pick([500, 20_000, 90_000]));
    const over = overCaps(id, tokens, budget.now + this.pick([HOUR_MS, 90 * HOUR_MS]));
    budget.do(this.random() < 0.4 ? over : largerMonth(id, tokens));
  }

  /** Its end takes back no more than `S - B - m x days left`: nothing that was handed out, or that later days are promised. */
  private endSome(): void {
    const { budget } = this;
    const known = [...budget.state.tables.topUps].filter(([, { endedAt }]) => endedAt === undefined);
    if (known.length === 0) return;
    const [topUpId, { kind }] = this.pick(known);
    const { allowance, daysLeft, today } = budget.state;
    const held = [...budget.state.tables.leases.values()].filter(
      ({ day, topUpId: from }) =>
        day < today.day && day.startsWith(budget.state.month.key) && from === undefined,
    );
    const earlier =
      this.spentUntil(today.day) + held.reduce((sum, { reserved, used }) => sum + reserved - used, 0);
    const mayBe = Math.max(0, allowance.grantable - earlier - allowance.dailyMin * daysLeft);
    const before = allowance.enforced;
    const { topUp } = budget.do<'top-up'>({ kind: 'end-top-up', topUpId, reason: '' });
    const takenBack = before - budget.state.allowance.enforced;
    expect(takenBack, topUpId).toBeGreaterThanOrEqual(0);
    expect(takenBack, topUpId).toBeLessThanOrEqual(mayBe);
    if (kind === 'LARGER_MONTH')
      this.met.add(takenBack === topUp.tokens ? 'all taken back' : 'taken back in part');
  }

  private correct(): void {
    const { budget } = this;
    const day = this.pick([...budget.state.tables.dayTotals.keys(), budget.state.today.day]);
    this.made += 1;
    const tokens = -1 - this.below(3_000);
    budget.do({ kind: 'adjust', adjustmentId: `x${this.made}`, tokens, day, reason: '', fingerprint: '' });
  }

  /** Whatever is added or taken back, every day still finds its minimum. */
  private checkFloor(): void {
    const { state } = this.budget;
    expect(standingOf(state).day.cap.tokens, state.today.day).toBeGreaterThanOrEqual(
      state.allowance.dailyMin,
    );
  }
}
