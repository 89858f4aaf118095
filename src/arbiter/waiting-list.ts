import { ExpiryQueue } from '../domain/ledger/expiry-queue.js';
import type { BudgetEvent } from '../domain/model/events.js';
import { LazyMap } from '../domain/model/lazy-map.js';
import { LazySet } from '../domain/model/lazy-set.js';
import type { AcquireRequest } from '../domain/model/requests.js';
import type { Denial } from '../domain/model/types.js';
import { type AiCalls, Contest } from '../domain/turns/contest.js';
import { Turns } from '../domain/turns/turns.js';
import { KeptPlaces } from './kept-places.js';
import type { Pending } from './pending.js';
import type { Prospect } from './prospect.js';

/** How often all are tried though nothing has come free: what others spend meanwhile, or a grace that ends, makes a wait vain. */
const ANYWAY_MS = 5_000;

interface Waiter {
  readonly pending: Pending;
  readonly aiId: string;
  /** Its place: rises with every wait that begins. */
  readonly order: number;
  /** When it may be admitted although nothing else changes, in the ledger's time. */
  tryAt: number;
  /** When it must be answered, by the monotonic clock; never, once that is among the news. */
  endsAt: number;
  /** The last turn in which it was tried. */
  triedIn: number;
}

interface WaitersOfAi extends AiCalls<Waiter> {
  readonly calls: Waiter[];
  /** A cooldown that is in the `tryAt` of all of them. */
  coolsUntil: number;
}

/**
 * Requests that wait for a slot. Those who could be admitted are tried in turn (`turns.ts`), before newcomers, so that a newcomer does
 * not overtake one of them. While nobody at all can be admitted only those are tried for whom there is news.
 */
export class WaitingList {
  readonly turns = new Turns();
  private readonly waiters = new LazyMap<Pending, Waiter>();
  private readonly byOrder = new LazyMap<number, Waiter>();
  private readonly byAi = new LazyMap<string, WaitersOfAi>();
  private readonly due = new ExpiryQueue((order) => this.byOrder.get(order)?.tryAt);
  private readonly ends = new ExpiryQueue((order) => this.byOrder.get(order)?.endsAt);
  /** They are tried, whoever's turn it is: their time is over, or what they did not know was looked up. */
  private readonly news = new LazySet<Waiter>();
  /** AIs that were granted a slot since others of their calls were looked at. */
  private readonly served = new LazySet<string>();
  private readonly places = new KeptPlaces();
  private lastOrder = 0;
  private turnsTaken = 0;
  private triedWith: object | undefined;
  private triedAt = -1;
  private triedUnder = -1;
  /** By the monotonic clock: then all are tried, whatever changed. */
  private anywayAt = Number.POSITIVE_INFINITY;

  get size(): number {
    return this.waiters.size;
  }

  has(pending: Pending): boolean {
    return this.waiters.has(pending);
  }

  /** How many requests of one AI wait. */
  sizeOf(aiId: string): number {
    return this.byAi.get(aiId)?.calls.length ?? 0;
  }

  /** Whether a call with this request id waits. */
  waitsFor(aiId: string, requestId: string): boolean {
    const { calls = [] } = this.byAi.get(aiId) ?? {};
    return calls.some(({ pending }) => (pending.request as AcquireRequest).requestId === requestId);
  }

  /** Adds one, or notes its newest denial. */
  put(pending: Pending, { availableAt = Number.POSITIVE_INFINITY }: Denial): void {
    const waiter = this.waiters.get(pending) ?? this.add(pending);
    this.news.delete(waiter);
    this.planTry(waiter, availableAt);
    const ofAi = this.byAi.get(waiter.aiId);
    if (ofAi !== undefined) ofAi.coolsUntil = Number.NEGATIVE_INFINITY;
    const endsAt = pending.arrivedAt + pending.waitMs;
    if (waiter.endsAt === endsAt) return;
    waiter.endsAt = endsAt;
    this.ends.push(waiter.order, endsAt);
    this.ends.tidy(this.size);
  }

  private add(pending: Pending): Waiter {
    const request = pending.request as AcquireRequest;
    const { aiId } = request;
    if (this.waiters.size === 0) this.anywayAt = pending.arrivedAt + ANYWAY_MS;
    const order = this.places.take(request, pending.arrivedAt) ?? ++this.lastOrder;
    const never = Number.POSITIVE_INFINITY;
    const waiter = { pending, aiId, order, tryAt: never, endsAt: never, triedIn: 0 };
    this.waiters.set(pending, waiter);
    this.byOrder.set(order, waiter);
    const ofAi = this.byAi.get(aiId);
    if (ofAi === undefined) this.byAi.set(aiId, { aiId, calls: [waiter], coolsUntil: -never });
    else {
      let at = ofAi.calls.length;
      while (at > 0 && order < (ofAi.calls[at - 1]?.order ?? 0)) at -= 1;
      ofAi.calls.splice(at, 0, waiter);
    }
    return waiter;
  }

  private planTry(waiter: Waiter, at: number): void {
    if (waiter.tryAt === at) return;
    waiter.tryAt = at;
    if (!Number.isFinite(at)) return;
    this.due.push(waiter.order, at);
    this.due.tidy(this.size);
  }

  remove(pending: Pending): void {
    const waiter = this.waiters.get(pending);
    if (waiter === undefined) return;
    this.waiters.delete(pending);
    this.byOrder.delete(waiter.order);
    this.news.delete(waiter);
    const calls = this.byAi.get(waiter.aiId)?.calls ?? [];
    calls.splice(calls.indexOf(waiter), 1);
    if (calls.length === 0) this.byAi.delete(waiter.aiId);
  }

  /** As `remove`, of one that has waited in vain: who repeats its request id within a minute stands where it stood. */
  giveUp(pending: Pending, now: number): void {
    const waiter = this.waiters.get(pending);
    if (waiter === undefined) return;
    this.remove(pending);
    this.places.keep(pending.request as AcquireRequest, waiter.order, now);
  }

  all(): Pending[] {
    return [...this.waiters.keys()];
  }

  /** What it did not know was looked up. */
  heard(pending: Pending): void {
    const waiter = this.waiters.get(pending);
    if (waiter !== undefined) this.news.add(waiter);
  }

  /** Of one decision: it moves the turns, on trial. */
  happened(event: BudgetEvent, ledger: Prospect): void {
    this.turns.happened(event, (aiId) => ledger.flowOf(aiId));
    if (event.kind === 'granted') this.granted(event.lease.aiId);
  }

  /** An AI was granted a slot: other calls of its may have their answer by that, too. */
  granted(aiId: string): void {
    if (this.byAi.has(aiId)) this.served.add(aiId);
  }

  /** Whom to try now, one after the other: each is decided, and what happened is told, before the next is asked for. */
  *turn(ledger: Prospect, now: number): Generator<Pending, void, undefined> {
    this.turnsTaken += 1;
    const isNew = ledger.ledger !== this.triedWith;
    const everybody = ledger.policyRevision !== this.triedUnder || now >= this.anywayAt;
    const changed = isNew || everybody || ledger.loosened !== this.triedAt;
    this.triedWith = ledger.ledger;
    this.triedAt = ledger.loosened;
    this.triedUnder = ledger.policyRevision;
    if (everybody) this.anywayAt = now + ANYWAY_MS;
    this.gatherEnded(now);
    if (isNew) for (const aiId of this.byAi.keys()) this.served.add(aiId);
    this.gatherAnswered(ledger, now);
    const due = this.takeDue(ledger.clock);
    if (everybody || !ledger.closed) {
      const all = changed ? this.warm(ledger) : byAi([...due, ...this.news]);
      const contest = new Contest(this.turns, (aiId) => ledger.flowOf(aiId), all, isThere);
      for (let next = contest.next(); next !== undefined; next = contest.next()) {
        if (!everybody && ledger.closed) break;
        next.triedIn = this.turnsTaken;
        yield next.pending;
      }
    }
    this.gatherAnswered(ledger, now);
    for (const waiter of this.news) {
      if (waiter.triedIn !== this.turnsTaken && isThere(waiter)) yield waiter.pending;
    }
  }

  /** Those whose time is over. */
  private gatherEnded(now: number): void {
    for (;;) {
      const first = this.ends.first();
      if (first === undefined || first.expiresAt > now) return;
      const waiter = this.byOrder.get(first.fence);
      if (waiter === undefined) return;
      waiter.endsAt = Number.POSITIVE_INFINITY;
      this.news.add(waiter);
    }
  }

  /** Those whose answer is known, since their AI got a slot: by another call of theirs, or before a cooldown that outlasts them. */
  private gatherAnswered(ledger: Prospect, now: number): void {
    for (const aiId of this.served) {
      const coolsMs = ledger.coolsUntil(aiId) - ledger.clock;
      for (const waiter of this.byAi.get(aiId)?.calls ?? []) {
        const { pending } = waiter;
        const isVain = coolsMs > waitLeft(pending, now);
        if (isVain || ledger.isAnswered(pending.request as AcquireRequest)) this.news.add(waiter);
      }
    }
    this.served.clear();
  }

  /** Those who may be admitted although nothing else has changed. Nobody is lost: before a closed budget opens it is loosened. */
  private takeDue(clock: number): Waiter[] {
    const due: Waiter[] = [];
    for (;;) {
      const first = this.due.first();
      if (first === undefined || first.expiresAt > clock) return due;
      const waiter = this.byOrder.get(first.fence);
      if (waiter === undefined) return due;
      waiter.tryAt = Number.POSITIVE_INFINITY;
      due.push(waiter);
    }
  }

  /**
   * All but those whose AI cools down: a cooldown is over when it is over, whatever else changes, and that spares most tries. Its end
   * is then the next time to try, for what has changed now may be all that stood in the way beside it.
   */
  private *warm(ledger: Prospect): Generator<AiCalls<Waiter>, void, undefined> {
    for (const ofAi of this.byAi.values()) {
      const coolsUntil = ledger.coolsUntil(ofAi.aiId);
      if (coolsUntil <= ledger.clock) {
        yield ofAi;
      } else if (coolsUntil !== ofAi.coolsUntil) {
        ofAi.coolsUntil = coolsUntil;
        for (const waiter of ofAi.calls) this.planTry(waiter, Math.min(waiter.tryAt, coolsUntil));
      }
    }
  }

  /** What was to admit somebody was not tried to the end: the next turn is everybody's. */
  tryAgain(): void {
    this.triedWith = undefined;
  }

  /** When somebody may be admitted, or must be answered: in the ledger's time, and by the monotonic clock. */
  nextTurn(): { readonly at?: number; readonly answerAt?: number } {
    if (this.size === 0) return {};
    const at = this.due.first()?.expiresAt;
    const endsAt = this.news.size > 0 ? 0 : (this.ends.first()?.expiresAt ?? Number.POSITIVE_INFINITY);
    return { ...(at === undefined ? {} : { at }), answerAt: Math.min(this.anywayAt, endsAt) };
  }
}

/** It has no answer, and can be decided. */
function isThere({ pending }: Waiter): boolean {
  return !pending.abandoned && !pending.lookingUp;
}

function byAi(waiters: readonly Waiter[]): Iterable<AiCalls<Waiter>> {
  const found = new Map<string, { aiId: string; calls: Waiter[] }>();
  for (const waiter of new Set(waiters)) {
    const { aiId } = waiter;
    const ofAi = found.get(aiId);
    if (ofAi === undefined) found.set(aiId, { aiId, calls: [waiter] });
    else ofAi.calls.push(waiter);
  }
  for (const { calls } of found.values()) calls.sort((a, b) => a.order - b.order);
  return found.values();
}

/** How much longer it waits. */
export function waitLeft({ arrivedAt, waitMs }: Pending, now: number): number {
  return arrivedAt + waitMs - now;
}
