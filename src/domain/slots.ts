import { ExpiryQueue } from './expiry-queue.js';
import type { StoredLease } from './state.js';
import { monthOfDay } from './windows.js';

/**
 * Indexes over the live leases, kept beside them: what they reserve by the hour of their grant, who holds them, which ends
 * first. They make a decision's cost independent of how many leases are live.
 */
export class Slots {
  private readonly hours = new Map<number, HourOfGrants>();
  private readonly byAi = new Map<string, Set<number>>();
  private readonly expiresAt = new Map<number, number>();
  /** Of those that still hold tokens. */
  private readonly holderEnds = new Map<number, number>();

  get live(): number {
    return this.expiresAt.size;
  }

  liveOf(aiId: string): number {
    return this.byAi.get(aiId)?.size ?? 0;
  }

  fencesOf(aiId: string): Iterable<number> {
    return this.byAi.get(aiId) ?? [];
  }

  /** Puts in the present form of a lease in place of the one before it; undefined stands for no live lease. */
  replace(before: StoredLease | undefined, after: StoredLease | undefined): void {
    if (after !== undefined) this.add(after, before);
    else if (before !== undefined) this.remove(before);
  }

  private add(lease: StoredLease, before: StoredLease | undefined): void {
    const hour = this.hourOf(lease);
    hour.reserved += unspent(lease) - (before === undefined ? 0 : unspent(before));
    if (before === undefined) {
      hour.live += 1;
      const fences = this.byAi.get(lease.aiId);
      if (fences === undefined) this.byAi.set(lease.aiId, new Set([lease.fence]));
      else fences.add(lease.fence);
    }
    this.expiresAt.set(lease.fence, lease.expiresAt);
    if (before?.expiresAt !== lease.expiresAt) hour.expiries.push(lease.fence, lease.expiresAt);
    hour.expiries.tidy(hour.live);
    this.trackHolder(hour, lease);
  }

  private trackHolder({ holders, live }: HourOfGrants, lease: StoredLease): void {
    const { fence, expiresAt } = lease;
    if (unspent(lease) === 0) {
      this.holderEnds.delete(fence);
    } else if (this.holderEnds.get(fence) !== expiresAt) {
      this.holderEnds.set(fence, expiresAt);
      holders.push(fence, expiresAt);
      holders.tidy(live);
    }
  }

  private remove(lease: StoredLease): void {
    const hour = this.hourOf(lease);
    hour.reserved -= unspent(lease);
    hour.live -= 1;
    this.expiresAt.delete(lease.fence);
    this.holderEnds.delete(lease.fence);
    if (hour.live === 0) this.hours.delete(lease.hourStart);
    const fences = this.byAi.get(lease.aiId);
    fences?.delete(lease.fence);
    if (fences?.size === 0) this.byAi.delete(lease.aiId);
  }

  private hourOf(lease: StoredLease): HourOfGrants {
    const found = this.hours.get(lease.hourStart);
    if (found !== undefined) return found;
    const expiries = new ExpiryQueue((fence) => this.expiresAt.get(fence));
    const holders = new ExpiryQueue((fence) => this.holderEnds.get(fence));
    const month = monthOfDay(lease.day);
    const made = { start: lease.hourStart, day: lease.day, month, reserved: 0, live: 0, expiries, holders };
    this.hours.set(lease.hourStart, made);
    return made;
  }

  /** What live leases hold unspent, over the hours of grants that match. At most 26 hours have live leases. */
  reserved(matches: (hour: HourOfGrants) => boolean): number {
    let sum = 0;
    for (const hour of this.hours.values()) if (matches(hour)) sum += hour.reserved;
    return sum;
  }

  /** The lease that ends first. */
  firstExpiry(): LeaseEnd | undefined {
    return earliest([...this.hours.values()].map(({ expiries }) => expiries.first()));
  }

  /** The lease that ends first of those that still hold tokens, over the hours of grants that match. */
  firstHolder(matches: (hour: HourOfGrants) => boolean): LeaseEnd | undefined {
    return earliest([...this.hours.values()].filter(matches).map(({ holders }) => holders.first()));
  }

  /** Whether live leases were granted in that day, which then cannot close. */
  holdsDay(day: string): boolean {
    for (const hour of this.hours.values()) if (hour.day === day) return true;
    return false;
  }
}

/** The live leases that were granted in one hour. */
export interface HourOfGrants {
  readonly start: number;
  readonly day: string;
  readonly month: string;
  reserved: number;
  live: number;
  readonly expiries: ExpiryQueue;
  /** Of those that still hold tokens. */
  readonly holders: ExpiryQueue;
}

interface LeaseEnd {
  readonly fence: number;
  readonly expiresAt: number;
}

function earliest(ends: readonly (LeaseEnd | undefined)[]): LeaseEnd | undefined {
  let first: LeaseEnd | undefined;
  for (const end of ends) if (end && (!first || end.expiresAt < first.expiresAt)) first = end;
  return first;
}

/** What a lease still holds. */
export function unspent(lease: StoredLease): number {
  return Math.max(0, lease.reserved - lease.used);
}
