import { cooldownEnd } from '../domain/admission/rules/cooldown.js';
import { isTakenUp } from '../domain/leases/sessions.js';
import { tokensThisMonth } from '../domain/ledger/accounts.js';
import type { Ledger } from '../domain/ledger/ledger.js';
import { closedGrants } from '../domain/ledger/request-memory.js';
import type { AcquireRequest } from '../domain/model/requests.js';
import type { Denial } from '../domain/model/types.js';
import type { Pending } from './pending.js';

/** Having waited this long weighs as much as the whole month's tokens: so everybody's turn comes. */
const AGEING_MS = 10 * 60_000;
/** How often all are tried though nothing has come free: what others spend meanwhile, or a grace that ends, makes a wait vain. */
const ANYWAY_MS = 5_000;

interface Waiter {
  readonly pending: Pending;
  readonly aiId: string;
  /** When it may be admitted although nothing else changes, in the ledger's time. */
  tryAt: number;
}

/**
 * Requests that wait for a slot: served least share used this month first, ageing with the time waited. They are tried before
 * newcomers, so that a newcomer does not overtake one that could be admitted.
 */
export class WaitingList {
  private readonly waiters = new Map<Pending, Waiter>();
  private readonly byAi = new Map<string, number>();
  private triedWith: Ledger | undefined;
  private triedAt = -1;
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
    return this.byAi.get(aiId) ?? 0;
  }

  /** Whether a call with this request id waits. */
  waitsFor(aiId: string, requestId: string): boolean {
    if (this.sizeOf(aiId) === 0) return false;
    return [...this.waiters.values()].some(
      ({ aiId: ai, pending }) => ai === aiId && (pending.request as AcquireRequest).requestId === requestId,
    );
  }

  /** Adds one, or notes its newest denial. */
  put(pending: Pending, { availableAt = Number.POSITIVE_INFINITY }: Denial): void {
    const waiter = this.waiters.get(pending);
    if (waiter !== undefined) {
      waiter.tryAt = availableAt;
      return;
    }
    const { aiId } = pending.request as AcquireRequest;
    if (this.waiters.size === 0) this.anywayAt = pending.arrivedAt + ANYWAY_MS;
    this.waiters.set(pending, { pending, aiId, tryAt: availableAt });
    this.byAi.set(aiId, this.sizeOf(aiId) + 1);
  }

  remove(pending: Pending): void {
    const waiter = this.waiters.get(pending);
    if (waiter === undefined) return;
    this.waiters.delete(pending);
    const left = this.sizeOf(waiter.aiId) - 1;
    if (left > 0) this.byAi.set(waiter.aiId, left);
    else this.byAi.delete(waiter.aiId);
  }

  all(): Pending[] {
    return [...this.waiters.keys()];
  }

  /** Whom to try now, best first. Nobody, if nothing changed since the last time that could admit anybody. */
  turn(ledger: Ledger, now: number): Pending[] {
    const waiters = [...this.waiters.values()].filter(
      ({ pending }) => !pending.abandoned && !pending.lookingUp,
    );
    const changed = ledger !== this.triedWith || ledger.loosened !== this.triedAt || now >= this.anywayAt;
    if (changed) this.anywayAt = now + ANYWAY_MS;
    this.triedWith = ledger;
    this.triedAt = ledger.loosened;
    const mayHear = (waiter: Waiter) => isAnswered(ledger, waiter.pending) || mayPass(ledger, waiter);
    return waiters
      .filter(
        (waiter) =>
          hasNews(waiter.pending, now) ||
          isDue(ledger, waiter) ||
          coolsTooLate(ledger, waiter, now) ||
          (changed && mayHear(waiter)),
      )
      .map((waiter) => ({ waiter, score: score(ledger, waiter, now) }))
      .sort((a, b) => a.score - b.score)
      .map(({ waiter }) => waiter.pending);
  }

  /** What was to admit somebody was not tried to the end: the next turn is everybody's. */
  tryAgain(): void {
    this.triedWith = undefined;
  }

  /** When somebody may be admitted, or must be answered: in the ledger's time, and by the monotonic clock. */
  nextTurn(): { readonly at?: number; readonly answerAt?: number } {
    let at = Number.POSITIVE_INFINITY;
    let answerAt = this.size === 0 ? Number.POSITIVE_INFINITY : this.anywayAt;
    for (const { pending, tryAt } of this.waiters.values()) {
      at = Math.min(at, tryAt);
      answerAt = Math.min(answerAt, pending.arrivedAt + pending.waitMs);
    }
    return { ...(Number.isFinite(at) ? { at } : {}), ...(Number.isFinite(answerAt) ? { answerAt } : {}) };
  }
}

function timeIsUp(pending: Pending, now: number): boolean {
  return waitLeft(pending, now) <= 0;
}

/** How much longer it waits. */
export function waitLeft({ arrivedAt, waitMs }: Pending, now: number): number {
  return arrivedAt + waitMs - now;
}

/** Its time is over, or what it did not know was looked up. */
function hasNews(pending: Pending, now: number): boolean {
  return pending.evidence !== undefined || timeIsUp(pending, now);
}

function isDue(ledger: Ledger, { tryAt }: Waiter): boolean {
  return tryAt <= ledger.clock;
}

/** Its AI got a slot by another request: what waits less than the cooldown is told so now. */
function coolsTooLate(ledger: Ledger, waiter: Waiter, now: number): boolean {
  return (
    ledger.policy.mode !== 'OBSERVE' &&
    cooldownEnd(ledger, waiter.aiId) - ledger.clock > waitLeft(waiter.pending, now)
  );
}

/** Another replica has granted it, to another call with its request id; or another stream goes on with its session. */
function isAnswered(ledger: Ledger, { request }: Pending): boolean {
  const { aiId, requestId, requestIdMade } = request as AcquireRequest;
  if (isTakenUp(ledger, request as AcquireRequest)) return true;
  if (requestIdMade) return false;
  const live = ledger.slots.leaseOf(aiId, requestId);
  return live !== undefined || closedGrants(ledger, aiId, requestId).length > 0;
}

/**
 * A cooldown is over when it is over, whatever else changes: that spares most tries. Its end is then the next time to try,
 * for what has changed now may be all that stood in the way beside it.
 */
function mayPass(ledger: Ledger, waiter: Waiter): boolean {
  if (!ledger.exists) return true;
  const cool = cooldownEnd(ledger, waiter.aiId);
  if (cool <= ledger.clock || ledger.policy.mode === 'OBSERVE') return true;
  waiter.tryAt = Math.min(waiter.tryAt, cool);
  return false;
}

/** The share of the month that an AI has used, less what its waiting is worth. */
function score(ledger: Ledger, { aiId, pending }: Waiter, now: number): number {
  const share = tokensThisMonth(ledger, aiId) / Math.max(1, ledger.allowance.enforced);
  return share - (now - pending.arrivedAt) / AGEING_MS;
}
