import { LazyMap } from '../model/lazy-map.js';
import type { StoredLease } from '../model/state.js';
import { monthOfDay } from '../time/calendar.js';
import { ExpiryQueue } from './expiry-queue.js';
import type { Scope, Scopes } from './scopes.js';

const NONE: ReadonlyMap<string, number> = new Map();

/**
 * The live leases by fence, and indexes over them: what they reserve by the hour of their grant, who holds them, which ends
 * first. They make a decision's cost independent of how many leases are live.
 */
export class Slots {
  private readonly leases = new LazyMap<number, StoredLease>();
  /** At most 26 hours have live leases, nearly always one or two: to walk them is cheaper than to look one up. */
  private readonly hours: HourOfGrants[] = [];
  private readonly byAi = new LazyMap<string, SlotsOfAi>();
  private readonly byTopUp = new LazyMap<string, SlotsOfTopUp>();
  /** What leases hold unspent that were granted from top-ups: it counts in no window. */
  topped = 0;
  /** AIs in it that hold nothing just now. */
  private idle = 0;
  /** Leases whose time is over and that no commit has closed yet, in the order of their ends. They have no slot any more. */
  private readonly over = new LazyMap<number, OverLease>();
  private readonly overByRequest = new LazyMap<string, number>();
  private scopes: Scopes | undefined;
  /** The last answer of `nthExpiry`: denials ask for the same one many times a second. */
  private nthKnown:
    | { readonly n: number; readonly live: number; readonly expiresAt: number | undefined }
    | undefined;

  get live(): number {
    return this.leases.size;
  }

  /** Leases are counted in these scopes from now on, those that there are as well. */
  useScopes(scopes: Scopes | undefined): void {
    this.scopes = scopes;
    if (scopes === undefined) return;
    for (const lease of this.leases.values()) scopes.hold(lease, unspentInWindows(lease), 1, this.leases);
    for (const { lease, held } of this.over.values()) scopes.hold(lease, held, 0, this.leases);
  }

  /** Whether it is not closed yet. */
  has(fence: number): boolean {
    return this.leases.has(fence) || this.over.has(fence);
  }

  leasesLive(): Iterable<StoredLease> {
    return this.leases.values();
  }

  lease(fence: number): StoredLease | undefined {
    return this.leases.get(fence);
  }

  liveOf(aiId: string): number {
    return this.byAi.get(aiId)?.fences.size ?? 0;
  }

  fencesOf(aiId: string): Iterable<number> {
    return (this.byAi.get(aiId)?.fences ?? NONE).values();
  }

  /** The live lease that answered a request. */
  leaseOf(aiId: string, requestId: string): StoredLease | undefined {
    const fence = this.byAi.get(aiId)?.fences.get(requestId);
    return fence === undefined ? undefined : this.leases.get(fence);
  }

  /** Puts in the present form of a lease in place of the one before it; undefined stands for no live lease. */
  replace(before: StoredLease | undefined, after: StoredLease | undefined): void {
    if (after !== undefined) this.put(after, before);
    else if (before !== undefined) this.remove(before);
  }

  /** How many leases are over and not closed yet. */
  get waiting(): number {
    return this.over.size;
  }

  /** One of them, by its fence. */
  overLease(fence: number): StoredLease | undefined {
    return this.over.get(fence)?.lease;
  }

  /** The one of them that answered a request. */
  overOf(aiId: string, requestId: string): StoredLease | undefined {
    const fence = this.overByRequest.get(`${aiId} ${requestId}`);
    return fence === undefined ? undefined : this.overLease(fence);
  }

  /** The one that was over first, or the first after so many others. */
  firstOver(passedOver = 0): StoredLease | undefined {
    let toPass = passedOver;
    for (const { lease } of this.over.values()) if (toPass-- === 0) return lease;
    return undefined;
  }

  /** Its time is over: it frees its slot at once. `holds`: what it has not spent counts until it is closed, and then as presumed. */
  retire(lease: StoredLease, holds: boolean): void {
    const hour = this.hourOf(lease);
    const held = holds ? unspentInWindows(lease) : 0;
    this.leases.delete(lease.fence);
    this.take(lease, unspentInWindows(lease) - held);
    this.scopes?.hold(lease, held - unspentInWindows(lease), -1, this.leases);
    hour.reserved -= unspentInWindows(lease) - held;
    if (!holds) this.draw(lease, 0, -unspent(lease));
    hour.overHeld += held;
    hour.overAt = Math.min(hour.overAt, lease.expiresAt);
    this.over.set(lease.fence, { lease, held, holds });
    this.overByRequest.set(`${lease.aiId} ${lease.requestId}`, lease.fence);
  }

  retireAll(holds: boolean): void {
    for (const lease of [...this.leases.values()]) this.retire(lease, holds);
  }

  /** The clock was set back: they are live, as if nobody had looked. */
  reviveAll(): void {
    this.scopes?.forgetEnded(this.leases);
    for (const { lease } of [...this.over.values()]) {
      this.removeOver(lease.fence);
      this.put(lease, undefined);
    }
  }

  /** It is closed. */
  removeOver(fence: number): void {
    const found = this.over.get(fence);
    if (found === undefined) return;
    const { lease, held, holds } = found;
    const hour = this.hourOf(lease);
    this.draw(lease, -1, holds ? -unspent(lease) : 0);
    this.over.delete(fence);
    this.overByRequest.delete(`${lease.aiId} ${lease.requestId}`);
    hour.reserved -= held;
    hour.overHeld -= held;
    const ofAi = this.byAi.get(lease.aiId);
    if (ofAi !== undefined) hold(ofAi, lease.day, -held);
    this.scopes?.hold(lease, -held, 0, this.leases);
    this.leave(hour);
  }

  private put(lease: StoredLease, before: StoredLease | undefined): void {
    const hour = this.hourOf(lease);
    this.leases.set(lease.fence, lease);
    const heldBefore = before === undefined ? 0 : unspentInWindows(before);
    const held = unspentInWindows(lease);
    if (lease.topUpId !== undefined) {
      const drawn = before === undefined ? 0 : unspent(before);
      this.draw(lease, before === undefined ? 1 : 0, unspent(lease) - drawn);
    }
    hour.reserved += held - heldBefore;
    if (before === undefined) hour.live += 1;
    this.give(lease, before === undefined, held - heldBefore);
    this.scopes?.hold(lease, held - heldBefore, before === undefined ? 1 : 0, this.leases);
    const ends = before?.expiresAt !== lease.expiresAt;
    if (ends) {
      enqueue(hour.expiries, lease, hour.live);
      // A lease that ends is missed by the number of those that live: only another one's end brings it back.
      this.nthKnown = undefined;
    }
    if (held > 0 && (ends || heldBefore === 0)) enqueue(hour.holders, lease, hour.live);
  }

  private give({ aiId, requestId, fence, day }: StoredLease, isNew: boolean, tokens: number): void {
    const ofAi = this.byAi.get(aiId);
    if (ofAi === undefined) {
      this.byAi.set(aiId, { fences: new Map([[requestId, fence]]), holds: [{ day, tokens }] });
      return;
    }
    if (isNew) {
      if (ofAi.fences.size === 0) this.idle -= 1;
      ofAi.fences.set(requestId, fence);
    }
    hold(ofAi, day, tokens);
  }

  private remove(lease: StoredLease): void {
    const hour = this.hourOf(lease);
    const held = unspentInWindows(lease);
    hour.reserved -= held;
    this.leases.delete(lease.fence);
    this.leave(hour);
    this.take(lease, held);
    this.scopes?.hold(lease, -held, -1, this.leases);
    this.draw(lease, -1, -unspent(lease));
  }

  /** Leases of a top-up that are not closed, and what they hold of it. */
  ofTopUp(topUpId: string): Readonly<SlotsOfTopUp> {
    return this.byTopUp.get(topUpId) ?? NO_SLOTS;
  }

  private draw({ topUpId }: StoredLease, leases: number, tokens: number): void {
    if (topUpId === undefined) return;
    this.topped += tokens;
    const known = this.byTopUp.get(topUpId);
    const after = { leases: (known?.leases ?? 0) + leases, reserved: (known?.reserved ?? 0) + tokens };
    if (after.leases === 0) this.byTopUp.delete(topUpId);
    else this.byTopUp.set(topUpId, after);
  }

  /** One lease less was granted in the hour. The only hour stays until there is another: where one asks at a time, it comes again. */
  private leave(hour: HourOfGrants): void {
    hour.live -= 1;
    if (hour.live > 0) return;
    hour.overAt = Number.POSITIVE_INFINITY;
    if (this.hours.length > 1) this.hours.splice(this.hours.indexOf(hour), 1);
  }

  private take(lease: StoredLease, tokens: number): void {
    const ofAi = this.byAi.get(lease.aiId);
    if (ofAi === undefined) return;
    ofAi.fences.delete(lease.requestId);
    hold(ofAi, lease.day, -tokens);
    if (ofAi.fences.size === 0) this.idle += 1;
    if (this.idle > 2 * (this.leases.size + this.over.size) + 64) this.forgetIdle();
  }

  /**
   * Not at once: it comes back soon, and a Map in which the same name comes and goes remembers each place that it left and
   * walks past all of them.
   */
  private forgetIdle(): void {
    this.idle = 0;
    for (const [aiId, { fences, holds }] of this.byAi) {
      if (fences.size > 0) continue;
      if (holds.every(({ tokens }) => tokens === 0)) this.byAi.delete(aiId);
      else this.idle += 1;
    }
  }

  /** A budget that begins again in another zone may be in another day in the same hour. */
  private hourOf(lease: StoredLease): HourOfGrants {
    for (const hour of this.hours) if (hour.start === lease.hourStart && hour.day === lease.day) return hour;
    const expiries = new ExpiryQueue((fence) => this.leases.get(fence)?.expiresAt);
    const holders = new ExpiryQueue((fence) => this.endOfHolder(fence));
    const made: HourOfGrants = {
      start: lease.hourStart,
      day: lease.day,
      month: monthOfDay(lease.day),
      reserved: 0,
      live: 0,
      expiries,
      holders,
      overHeld: 0,
      overAt: Number.POSITIVE_INFINITY,
    };
    if (this.hours[0]?.live === 0) this.hours.pop();
    this.hours.push(made);
    return made;
  }

  private endOfHolder(fence: number): number | undefined {
    const lease = this.leases.get(fence);
    return lease === undefined || unspentInWindows(lease) === 0 ? undefined : lease.expiresAt;
  }

  /** What live leases hold unspent of windows, over the hours of grants that match. */
  reserved(matches: (hour: HourOfGrants) => boolean): number {
    let sum = 0;
    for (const hour of this.hours) if (matches(hour)) sum += hour.reserved;
    return sum;
  }

  /** The same of the hour, the day and the month of now, in one walk: every decision asks for it. */
  reservedNow({ hour, today, month }: WindowsOfNow): ReservedNow {
    const sums = { hour: 0, day: 0, month: 0 };
    for (const of of this.hours) {
      if (of.start === hour.start) sums.hour += of.reserved;
      if (of.day === today.day) sums.day += of.reserved;
      if (of.month === month.key) sums.month += of.reserved;
    }
    return sums;
  }

  /** The same of one AI's leases that were granted in that day. */
  reservedOf(aiId: string, day: string): number {
    const ofAi = this.byAi.get(aiId);
    return (ofAi && heldIn(ofAi, day)?.tokens) ?? 0;
  }

  /** The lease that ends first. */
  firstExpiry(): LeaseEnd | undefined {
    let first: LeaseEnd | undefined;
    for (const { expiries } of this.hours) first = earlier(first, expiries.first());
    return first;
  }

  /** The nth end of those to come, n from 1. Linear in the leases where more are live than a policy allows, else as `firstExpiry`. */
  nthExpiry(n: number): number | undefined {
    if (n === 1) return this.firstExpiry()?.expiresAt;
    const { live } = this;
    if (this.nthKnown?.n !== n || this.nthKnown.live !== live)
      this.nthKnown = { n, live, expiresAt: this.nthEnd(this.leases.keys(), live, n) };
    return this.nthKnown.expiresAt;
  }

  /** The same of one AI's leases. */
  nthExpiryOf(aiId: string, n: number): number | undefined {
    return this.nthEnd(this.fencesOf(aiId), this.liveOf(aiId), n);
  }

  /** The same of a scope's leases. */
  nthExpiryIn(scope: Scope, n: number): number | undefined {
    return this.nthEnd(this.fencesIn(scope), scope.live, n);
  }

  fencesIn(scope: Scope): number[] {
    return Array.from(scope.leasesOf(this.leases), ({ fence }) => fence);
  }

  /** The first end of a lease of a scope that still holds tokens, over those that match. */
  firstHolderIn(scope: Scope, matches: (lease: StoredLease) => boolean): number | undefined {
    let first: number | undefined;
    const look = (lease: StoredLease, held: number) => {
      if (held > 0 && matches(lease)) first = Math.min(first ?? lease.expiresAt, lease.expiresAt);
    };
    for (const lease of scope.leasesOf(this.leases)) look(lease, unspentInWindows(lease));
    for (const { lease, held } of this.over.values()) if (this.scopes?.isOf(scope, lease)) look(lease, held);
    return first;
  }

  private nthEnd(fences: Iterable<number>, count: number, n: number): number | undefined {
    if (n === 1) return this.firstEnd(fences);
    const ends = new Float64Array(count);
    let at = 0;
    for (const fence of fences) ends[at++] = this.leases.get(fence)?.expiresAt ?? 0;
    return nthLeast(ends, n);
  }

  private firstEnd(fences: Iterable<number>): number | undefined {
    let first: number | undefined;
    for (const fence of fences) {
      const end = this.leases.get(fence)?.expiresAt;
      if (first === undefined || (end !== undefined && end < first)) first = end;
    }
    return first;
  }

  /** The lease that ends first of those that still hold tokens, over the hours of grants that match. */
  firstHolder(matches: (hour: HourOfGrants) => boolean): LeaseEnd | undefined {
    let first: LeaseEnd | undefined;
    for (const hour of this.hours) {
      if (!matches(hour)) continue;
      if (hour.overHeld > 0) return { fence: 0, expiresAt: hour.overAt };
      first = earlier(first, hour.holders.first());
    }
    return first;
  }

  /** Whether live leases were granted in that day, which then cannot close. */
  holdsDay(day: string): boolean {
    for (const hour of this.hours) if (hour.live > 0 && hour.day === day) return true;
    return false;
  }
}

/** The leases that were granted in one hour and are not closed. */
export interface HourOfGrants {
  readonly start: number;
  readonly day: string;
  readonly month: string;
  reserved: number;
  live: number;
  readonly expiries: ExpiryQueue;
  /** Of those that still hold tokens. */
  readonly holders: ExpiryQueue;
  /** Of `reserved`, what those hold that are over; and when the first of them was. */
  overHeld: number;
  overAt: number;
}

interface WindowsOfNow {
  readonly hour: { readonly start: number };
  readonly today: { readonly day: string };
  readonly month: { readonly key: string };
}

/** What live leases hold unspent of the windows of now. */
interface ReservedNow {
  readonly hour: number;
  readonly day: number;
  readonly month: number;
}

interface OverLease {
  readonly lease: StoredLease;
  readonly held: number;
  readonly holds: boolean;
}

interface SlotsOfTopUp {
  readonly leases: number;
  readonly reserved: number;
}

const NO_SLOTS: SlotsOfTopUp = { leases: 0, reserved: 0 };

interface SlotsOfAi {
  /** By request id. */
  readonly fences: Map<string, number>;
  /** What they hold unspent, by the day of their grant. A day of which nothing is held stays until another comes. */
  holds: readonly { readonly day: string; tokens: number }[];
}

/** By hand: with every change of a lease. */
function heldIn({ holds }: SlotsOfAi, day: string): { tokens: number } | undefined {
  for (const held of holds) if (held.day === day) return held;
  return undefined;
}

function hold(ofAi: SlotsOfAi, day: string, tokens: number): void {
  if (tokens === 0) return;
  const held = heldIn(ofAi, day);
  if (held !== undefined) {
    held.tokens += tokens;
    return;
  }
  ofAi.holds = [...ofAi.holds.filter((one) => one.tokens !== 0), { day, tokens }];
}

interface LeaseEnd {
  readonly fence: number;
  readonly expiresAt: number;
}

function enqueue(queue: ExpiryQueue, { fence, expiresAt }: StoredLease, live: number): void {
  queue.push(fence, expiresAt);
  queue.tidy(live);
}

function earlier(one: LeaseEnd | undefined, other: LeaseEnd | undefined): LeaseEnd | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return other.expiresAt < one.expiresAt ? other : one;
}

/** What a lease still holds. */
export function unspent(lease: StoredLease): number {
  return Math.max(0, lease.reserved - lease.used);
}

/** What of it counts in the windows of its grant. */
export function unspentInWindows(lease: StoredLease): number {
  return lease.topUpId === undefined ? unspent(lease) : 0;
}

/** The nth least of some numbers, n from 1, in linear time; the numbers change their places. Undefined if there are fewer. */
function nthLeast(numbers: Float64Array, n: number): number | undefined {
  const at = n - 1;
  let [low, high] = [0, numbers.length - 1];
  while (low < high) {
    const { left, right } = parted(numbers, low, high);
    if (at <= right) high = right;
    else if (at >= left) low = left;
    else break;
  }
  return numbers[at];
}

/** Less than the middle one up to `right`, more from `left` on, equal between. */
function parted(numbers: Float64Array, low: number, high: number): { left: number; right: number } {
  const pivot = value(numbers, (low + high) >> 1);
  let [left, right] = [low, high];
  while (left <= right) {
    while (value(numbers, left) < pivot) left += 1;
    while (value(numbers, right) > pivot) right -= 1;
    if (left > right) break;
    const moved = value(numbers, left);
    numbers[left] = value(numbers, right);
    numbers[right] = moved;
    left += 1;
    right -= 1;
  }
  return { left, right };
}

function value(numbers: Float64Array, at: number): number {
  return numbers[at] ?? Number.NaN;
}
