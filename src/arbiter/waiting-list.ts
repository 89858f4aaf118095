import type { Ledger } from '../domain/ledger.js';
import { closedGrants } from '../domain/request-memory.js';
import type { AcquireRequest } from '../domain/requests.js';
import { isTakenUp } from '../domain/sessions.js';
import type { Denial } from '../domain/types.js';
import type { Pending } from './pending.js';

/** Having waited this long weighs as much as the whole month's tokens: so everybody's turn comes. */
const AGEING_MS = 10 * 60_000;

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
  private triedWith: Ledger | undefined;
  private triedAt = -1;

  get size(): number {
    return this.waiters.size;
  }

  has(pending: Pending): boolean {
    return this.waiters.has(pending);
  }

  /** Adds one, or notes its newest denial. */
  put(pending: Pending, { availableAt = Number.POSITIVE_INFINITY }: Denial): void {
    const waiter = this.waiters.get(pending);
    if (waiter !== undefined) waiter.tryAt = availableAt;
    else
      this.waiters.set(pending, {
        pending,
        aiId: (pending.request as AcquireRequest).aiId,
        tryAt: availableAt,
      });
  }

  remove(pending: Pending): void {
    this.waiters.delete(pending);
  }

  all(): Pending[] {
    return [...this.waiters.keys()];
  }

  /** Whom to try now, best first. Nobody, if nothing changed since the last time that could admit anybody. */
  turn(ledger: Ledger, now: number): Pending[] {
    const waiters = [...this.waiters.values()].filter(
      ({ pending }) => !pending.abandoned && !pending.lookingUp,
    );
    const changed = ledger !== this.triedWith || ledger.loosened !== this.triedAt;
    this.triedWith = ledger;
    this.triedAt = ledger.loosened;
    const mayHear = (waiter: Waiter) => isAnswered(ledger, waiter.pending) || mayPass(ledger, waiter);
    return waiters
      .filter(
        (waiter) => hasNews(waiter.pending, now) || isDue(ledger, waiter) || (changed && mayHear(waiter)),
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
    let answerAt = Number.POSITIVE_INFINITY;
    for (const { pending, tryAt } of this.waiters.values()) {
      at = Math.min(at, tryAt);
      answerAt = Math.min(answerAt, pending.arrivedAt + pending.waitMs);
    }
    return { ...(Number.isFinite(at) ? { at } : {}), ...(Number.isFinite(answerAt) ? { answerAt } : {}) };
  }
}

export function timeIsUp(pending: Pending, now: number): boolean {
  return now >= pending.arrivedAt + pending.waitMs;
}

/** Its time is over, or what it did not know was looked up. */
function hasNews(pending: Pending, now: number): boolean {
  return pending.evidence !== undefined || timeIsUp(pending, now);
}

function isDue(ledger: Ledger, { tryAt }: Waiter): boolean {
  return tryAt <= ledger.clock;
}

/** Another copy has granted it, to another call with its request id; or another stream goes on with its session. */
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
  const { policy, tables, clock } = ledger;
  if (!ledger.exists) return true;
  const lastGrantAt = tables.ais.get(waiter.aiId)?.lastGrantAt ?? Number.NEGATIVE_INFINITY;
  const coolAt = lastGrantAt + policy.cooldownMs;
  if (coolAt <= clock || policy.mode === 'OBSERVE') return true;
  waiter.tryAt = Math.min(waiter.tryAt, coolAt);
  return false;
}

/** The share of the month that an AI has used, less what its waiting is worth. */
function score(ledger: Ledger, { aiId, pending }: Waiter, now: number): number {
  const share = (ledger.tables.monthAis.get(aiId) ?? 0) / Math.max(1, ledger.allowance.enforced);
  return share - (now - pending.arrivedAt) / AGEING_MS;
}
