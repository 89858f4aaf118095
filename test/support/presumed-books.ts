import { expect } from 'vitest';
import { parseLeaseId } from '../../src/domain/model/lease-id.js';
import type { LeaseRef } from '../../src/domain/model/requests.js';
import type { LeaseView } from '../../src/domain/model/types.js';
import { figuresOf } from './book-keeping.js';
import type { TestBudget } from './budget.js';

export interface Correction {
  readonly day: string;
  readonly aiId?: string;
  readonly model?: string;
}

export interface PresumedLease {
  readonly lease: LeaseRef;
  readonly aiId: string;
  readonly day: string;
  tokens: number;
}

/** What still stands presumed of each lease that ended, by the count of a test of its own. */
export class PresumedBooks {
  private readonly leases = new Map<string, PresumedLease>();
  /** What adjustments took from presumed tokens. */
  corrected = 0;

  /** `apart`: the days have room to keep every lease apart, so that nobody settles what is presumed of another's. */
  constructor(
    private readonly budget: TestBudget,
    private readonly apart: boolean,
  ) {}

  /** What ends by itself leaves what it had reserved as presumed. */
  ended({ leaseId, aiId, presumedTokens: tokens }: LeaseView, day: string): void {
    const lease = parseLeaseId(leaseId);
    if (lease !== undefined) this.leases.set(leaseId, { lease, aiId, day, tokens });
  }

  /** Days of the grants of leases that ended. */
  get days(): string[] {
    return [...this.leases.values()].map(({ day }) => day);
  }

  /** A report on a lease that ended takes the place of what is presumed of that one. */
  settle({ leaseId }: LeaseRef, tokens: number): void {
    const presumed = this.leases.get(leaseId);
    if (presumed !== undefined) presumed.tokens -= Math.min(presumed.tokens, tokens);
  }

  /** Within the grace all that still stood is free again, after it nothing. */
  free(lease: LeaseRef, freed: number): void {
    const presumed = this.leases.get(lease.leaseId);
    if (presumed === undefined) return;
    if (this.apart && freed > 0) expect(freed).toBe(presumed.tokens);
    this.settle(lease, freed);
  }

  /** What an AI or the model `(unknown)` is corrected by is presumed tokens first, oldest lease first; what names neither, last. */
  correct(
    before: { readonly total: number; readonly presumed: number },
    tokens: number,
    of: Correction,
  ): void {
    const { day, aiId, model } = of;
    const taken = before.presumed - figuresOf(this.budget, day).presumed;
    this.corrected += taken;
    if (!this.apart) return;
    const leases = this.known().filter((one) => one.day === day && (aiId ?? one.aiId) === one.aiId);
    const ofThem = leases.reduce((sum, one) => sum + one.tokens, 0);
    const named = aiId !== undefined || model !== undefined;
    const beyondRest = Math.max(0, tokens - (before.total - before.presumed));
    let left = model === 'm' ? 0 : named ? Math.min(tokens, ofThem) : beyondRest;
    expect(taken, 'taken from presumed tokens').toBe(left);
    for (const one of leases.sort((a, b) => a.lease.fence - b.lease.fence)) {
      const here = Math.min(left, one.tokens);
      one.tokens -= here;
      left -= here;
    }
  }

  /** A correction of a day in which some is topped takes that last, of whichever leases it is: the day has the word. */
  follow(before: { readonly presumed: number }, day: string): void {
    const { presumed, presumedBy } = figuresOf(this.budget, day);
    this.corrected += before.presumed - presumed;
    for (const one of this.known().filter((lease) => lease.day === day))
      one.tokens = Math.min(one.tokens, presumedBy.get(String(one.lease.fence))?.tokens ?? 0);
  }

  /** The day keeps of every lease what was counted here; says the leases, so that somebody is asked for one of them. */
  check(): readonly PresumedLease[] {
    if (!this.apart) return [];
    const open = this.known();
    const days = new Map(open.map(({ day }) => [day, figuresOf(this.budget, day).presumedBy]));
    const wrong = open.filter(
      ({ lease, day, tokens }) => (days.get(day)?.get(String(lease.fence))?.tokens ?? 0) !== tokens,
    );
    expect(wrong, 'kept otherwise by their days').toEqual([]);
    return open;
  }

  /** Of the present epoch. */
  private known(): PresumedLease[] {
    return [...this.leases.values()].filter(({ lease }) => lease.epoch === this.budget.state.epoch);
  }
}
