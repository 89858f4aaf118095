import type { Ledger } from '../domain/ledger.js';
import type { AcquireRequest } from '../domain/requests.js';
import type { Denial } from '../domain/types.js';
import type { Pending } from './pending.js';

/** Having waited this long weighs as much as the whole month's tokens: so everybody's turn comes. */
const AGEING_MS = 10 * 60_000;

interface Waiter {
  readonly pending: Pending;
  readonly aiId: string;
  denial: Denial;
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
  put(pending: Pending, denial: Denial): void {
    const waiter = this.waiters.get(pending);
    if (waiter !== undefined) waiter.denial = denial;
    else this.waiters.set(pending, { pending, aiId: (pending.request as AcquireRequest).aiId, denial });
  }

  remove(pending: Pending): void {
    this.waiters.delete(pending);
  }

  all(): Pending[] {
    return [...this.waiters.keys()];
  }

  /** Whom to try now, best first. Nobody, if nothing changed since the last time that could admit anybody. */
  turn(ledger: Ledger, now: number): Pending[] {
    const waiters = [...this.waiters.values()].filter(({ pending }) => !pending.abandoned);
    const changed = ledger !== this.triedWith || ledger.loosened !== this.triedAt;
    this.triedWith = ledger;
    this.triedAt = ledger.loosened;
    return waiters
      .filter((waiter) => timeIsUp(waiter.pending, now) || (changed ? mayPass(ledger, waiter) : isDue(ledger, waiter)))
      .map((waiter) => ({ waiter, score: score(ledger, waiter, now) }))
      .sort((a, b) => a.score - b.score)
      .map(({ waiter }) => waiter.pending);
  }

  /** When somebody may be admitted, or must be answered: in the ledger's time, and by the monotonic clock. */
  nextTurn(): { readonly at?: number; readonly answerAt?: number } {
    let at = Number.POSITIVE_INFINITY;
    let answerAt = Number.POSITIVE_INFINITY;
    for (const { pending, denial } of this.waiters.values()) {
      at = Math.min(at, denial.availableAt ?? Number.POSITIVE_INFINITY);
      answerAt = Math.min(answerAt, pending.arrivedAt + pending.waitMs);
    }
    return { ...(Number.isFinite(at) ? { at } : {}), ...(Number.isFinite(answerAt) ? { answerAt } : {}) };
  }
}

export function timeIsUp(pending: Pending, now: number): boolean {
  return now >= pending.arrivedAt + pending.waitMs;
}

/** A cooldown is over when it is over, whatever else changes: it spares most tries. A changed policy may shorten it. */
function mayPass(ledger: Ledger, { denial }: Waiter): boolean {
  return denial.blockers.every(
    ({ rule, limit, availableAt = 0 }) =>
      rule !== 'COOLDOWN' || availableAt <= ledger.clock || limit * 1_000 > ledger.policy.cooldownMs + 999,
  );
}

function isDue(ledger: Ledger, { denial }: Waiter): boolean {
  return denial.availableAt !== undefined && denial.availableAt <= ledger.clock;
}

/** The share of the month that an AI has used, less what its waiting is worth. */
function score(ledger: Ledger, { aiId, pending }: Waiter, now: number): number {
  const share = (ledger.tables.monthAis.get(aiId) ?? 0) / Math.max(1, ledger.allowance.enforced);
  return share - (now - pending.arrivedAt) / AGEING_MS;
}
