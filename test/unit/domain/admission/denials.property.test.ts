import { describe, expect, it } from 'vitest';
import { timeAloneUntil } from '../../../../src/domain/admission/time-alone.js';
import type { PolicyFields } from '../../../../src/domain/model/policy.js';
import type { Denial } from '../../../../src/domain/model/types.js';
import { TestBudget } from '../../../support/budget.js';
import { randomFrom, testSeed } from '../../../support/seed.js';
import { type Asks, SmallHistory } from '../../../support/small-history.js';

const HISTORIES = 30;
/** The rarest of what it is about may be missing in 30 of them; none is in as many as these. */
const MOST_HISTORIES = 1_000;
const TO_MEET = ['caps', 'kept', 'permanent', 'slots', 'kept slots', 'more live than allowed', 'time alone'];
const MOST_RETURNS = 90;
const HOUR_MS = 3_600_000;

/** Who is denied is told the truth about when to come back, whatever the policy, the history and the request. */
describe('what a denial says of time', () => {
  const seed = testSeed('denials');

  it(`holds in random histories (seed ${seed})`, { timeout: 600_000 }, () => {
    const met = new Set<string>();
    const missing = () => TO_MEET.filter((what) => !met.has(what));
    for (let at = 0; at < HISTORIES || (at < MOST_HISTORIES && missing().length > 0); at += 1) {
      const history = new History(randomFrom(seed + at), met);
      try {
        history.run();
      } catch (error) {
        throw new Error(`history ${at}, SEED=${seed}: ${error}`, { cause: error });
      }
    }
    // A property that meets none of what it is about shows nothing.
    expect(missing()).toEqual([]);
  });
});

class History extends SmallHistory {
  /** Another one; or the same with fewer slots than may be live already. */
  protected override nextPolicy(): PolicyFields {
    if (this.budget.state.slots.live < 2 || this.random() < 0.2) return this.policy();
    return { ...this.budget.state.policyFields, maxConcurrent: 1, maxConcurrentPerAi: 1 };
  }

  protected ownFields(): PolicyFields {
    return {
      emergencyPercent: this.pick([98, 60, 20, 5]),
      lateReportGraceMs: this.pick([0, HOUR_MS, 24 * HOUR_MS]),
    };
  }

  protected asks(): Asks {
    return { estimatedTokens: this.size() };
  }

  protected check(aiId: string, estimatedTokens: number): void {
    const denial = denialNow(this.budget, aiId, estimatedTokens);
    if (denial === undefined) return;
    const wanted = { aiId, estimatedTokens };
    for (const { rule, window, availableAt } of denial.blockers) {
      if (rule.endsWith('CONCURRENCY')) this.checkSlots(rule, wanted, availableAt);
      if (rule === 'KEPT_FOR_OTHERS') this.met.add(window === undefined ? 'kept slots' : 'kept');
    }
    if (denial.blockers.every(({ window }) => window !== undefined)) {
      this.met.add('caps');
      if (denial.permanent) this.checkPermanent(wanted, denial);
      else this.checkReturns(wanted, denial);
    }
    const until = timeAloneUntil(this.budget.state, aiId, denial);
    if (until !== undefined) this.checkTimeAlone(wanted, until);
  }

  /** It is refused at every hour of a month in which nobody has spent anything: the largest of a day's is asked for at its start. */
  private checkPermanent({ aiId, estimatedTokens }: Wanted, denial: Denial): void {
    this.met.add('permanent');
    expect(denial.availableAt).toBeUndefined();
    const fresh = new TestBudget(this.budget.state.policyFields, '2027-03-01T00:00:00Z');
    for (let day = 0; day < 31; day += 1) {
      expect(denialNow(fresh, aiId, estimatedTokens)?.permanent, `day ${day + 1}`).toBe(true);
      fresh.pass(24 * HOUR_MS);
    }
  }

  /** If nothing else happens, each time to come back is later than the one before, and the last one admits. */
  private checkReturns({ aiId, estimatedTokens }: Wanted, first: Denial): void {
    const later = this.budget.fork();
    let denial: Denial | undefined = first;
    for (let returns = 0; denial !== undefined; returns += 1) {
      const { availableAt } = denial;
      expect(denial.permanent, 'not permanent before').toBe(false);
      expect(availableAt, JSON.stringify(denial.blockers)).toBeGreaterThan(later.now);
      expect(returns, 'times to come back').toBeLessThan(MOST_RETURNS);
      later.now = availableAt ?? later.now;
      denial = denialNow(later, aiId, estimatedTokens);
    }
  }

  /** Refused until the end of the lease after which fewer than allowed are live, if nobody renews. */
  private checkSlots(rule: string, { aiId, estimatedTokens }: Wanted, availableAt: number | undefined): void {
    const { policy, slots } = this.budget.state;
    this.met.add('slots');
    const ofAi = rule === 'AI_CONCURRENCY';
    const isMore = ofAi ? slots.liveOf(aiId) > policy.maxConcurrentPerAi : slots.live > policy.maxConcurrent;
    if (isMore) this.met.add('more live than allowed');
    const later = this.budget.fork();
    const rules = () =>
      denialNow(later, aiId, estimatedTokens)?.blockers.map((blocker) => blocker.rule) ?? [];
    later.now = (availableAt ?? 0) - 1;
    expect(rules(), 'just before').toContain(rule);
    later.now += 1;
    expect(rules(), 'then').not.toContain(rule);
  }

  /** It is refused until then even if everybody gives back all that can be given back. */
  private checkTimeAlone({ aiId, estimatedTokens }: Wanted, until: number): void {
    this.met.add('time alone');
    const later = this.budget.fork();
    for (const lease of this.leases) later.release(lease);
    for (const share of [0, 0.5, 1]) {
      later.now = Math.floor(this.budget.now + share * (until - 1 - this.budget.now));
      expect(denialNow(later, aiId, estimatedTokens), `after ${share} of the time`).toBeDefined();
    }
  }
}

interface Wanted {
  readonly aiId: string;
  readonly estimatedTokens: number;
}

function denialNow(budget: TestBudget, aiId: string, estimatedTokens: number): Denial | undefined {
  return budget.do<'availability'>({ kind: 'get-availability', aiId, estimatedTokens }).denial;
}
