import { expect } from 'vitest';
import type { LeaseView } from '../../src/domain/model/types.js';
import { daysOf } from './book-keeping.js';
import type { TestBudget } from './budget.js';

/** What leases spent of top-ups, by the count of a test of its own: as the answers about them say it. */
export class ToppedBooks {
  private readonly leases = new Map<string, LeaseView>();
  /** What corrections took from topped tokens that were not presumed. */
  private corrected = 0;

  constructor(private readonly budget: TestBudget) {}

  /** A lease as it stands now. */
  see(lease: LeaseView): void {
    if (lease.topUpId !== undefined) this.leases.set(lease.leaseId, lease);
  }

  /** A correction downwards takes what is topped last: all else of whom it names is gone by then. */
  correct(before: Counted, after: Counted, named: boolean): void {
    const taken = before.topped - after.topped;
    this.corrected += taken - (before.toppedPresumed - after.toppedPresumed);
    if (taken > 0 && !named) expect(after.total - after.topped, 'not topped, and left').toBe(0);
  }

  /** No more was granted from any than it has. */
  granted({ topUpId = '' }: LeaseView): void {
    const found = this.budget.snapshot().topUps.find((one) => one.topUpId === topUpId);
    if (found === undefined) throw new Error(`granted from ${topUpId}, which is gone`);
    expect(found.spent + found.reserved).toBeLessThanOrEqual(found.tokens);
  }

  check(): void {
    let spent = 0;
    for (const { usedTokens, reservedTokens, presumedTokens } of this.leases.values())
      spent += Math.min(usedTokens, reservedTokens) + presumedTokens;
    const topped = daysOf(this.budget).reduce((sum, day) => sum + (day.topped ?? 0), 0);
    expect(topped, 'topped tokens').toBe(spent - this.corrected);
  }

  /** Whose leases may have changed without an answer about them. */
  get known(): Iterable<LeaseView> {
    return this.leases.values();
  }
}

export interface Counted {
  readonly total: number;
  readonly topped: number;
  readonly toppedPresumed: number;
}
