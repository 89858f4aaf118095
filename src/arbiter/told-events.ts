import { alertKey } from '../domain/alerts/alerts.js';
import { type AlertChange, toldOf } from '../domain/alerts/notices.js';
import { viewContextOf, viewOfClosed } from '../domain/ledger/lease-lookup.js';
import type { AlertView, BudgetSnapshot } from '../domain/model/outcomes.js';
import type { LeaseView } from '../domain/model/types.js';
import type { BudgetEvent } from './service-port.js';

/**
 * What a watcher was told of already. A snapshot may be older than an event that was told before it came; so what is told is
 * remembered until the snapshot after the next, which must know of it.
 */
export class ToldEvents {
  private present = new Set<string>();
  private past = new Set<string>();

  /** True the first time. */
  add(event: BudgetEvent): boolean {
    const key = keyOf(event);
    const told = this.has(key);
    this.present.add(key);
    return !told;
  }

  hasGrant(fence: number): boolean {
    return this.has(`granted ${fence}`);
  }

  hasEnd(fence: number): boolean {
    return this.has(`ended ${fence}`);
  }

  private has(key: string): boolean {
    return this.present.has(key) || this.past.has(key);
  }

  /** Two snapshots were compared. */
  compared(): void {
    this.past = this.present;
    this.present = new Set();
  }
}

function keyOf(event: BudgetEvent): string {
  switch (event.kind) {
    case 'granted':
      return `granted ${event.lease.fence}`;
    case 'released':
    case 'expired':
    case 'revoked':
      return `ended ${event.lease.fence}`;
    case 'overrun':
      return `overrun ${event.lease.fence} ${event.lease.usedTokens}`;
    case 'alert':
      return `alert ${alertKey(event.alert)} ${stageOf(event.alert)}`;
    case 'changed':
      return `changed ${event.budget.etag} ${event.budget.pause?.at ?? ''}`;
  }
}

/** What other replicas committed between two snapshots, as far as they show it; and the leases whose end must be looked up. */
export function foreignEvents(before: BudgetSnapshot, after: BudgetSnapshot) {
  const events: BudgetEvent[] = [];
  const known = new Set(before.liveLeases.map(({ fence }) => fence));
  for (const lease of after.liveLeases) {
    if (!known.has(lease.fence)) events.push({ kind: 'granted', at: lease.grantedAt, lease });
  }
  const context = viewContextOf(after);
  const closed = new Set(before.closedLeases.map(({ lease }) => lease.fence));
  for (const ended of after.closedLeases) {
    const lease = viewOfClosed(context, ended);
    // Granted and closed since; an older one is here because a late report brought it back.
    if (closed.has(lease.fence) || known.has(lease.fence) || lease.fence <= before.fence) continue;
    events.push({ kind: 'granted', at: lease.grantedAt, lease }, endOf(lease));
  }
  if (after.budget.etag !== before.budget.etag || after.budget.pause?.at !== before.budget.pause?.at) {
    events.push({ kind: 'changed', at: after.now, budget: after.budget });
  }
  const marks = new Map(before.alerts.map((alert) => [alertKey(alert), alert]));
  for (const alert of after.alerts) {
    const change = changeSince(marks.get(alertKey(alert)), alert);
    if (change !== undefined) events.push({ kind: 'alert', at: after.now, alert, change });
  }
  const live = new Set(after.liveLeases.map(({ fence }) => fence));
  return { events, gone: before.liveLeases.filter(({ fence }) => !live.has(fence)) };
}

function changeSince(before: AlertView | undefined, after: AlertView): AlertChange | undefined {
  if (before === undefined) return 'RAISED';
  if (stageOf(before) === stageOf(after)) return undefined;
  const [then, now] = [toldOf(before), toldOf(after)];
  if (then.number !== now.number) return 'RAISED';
  if (then.endedAt !== now.endedAt) return 'ENDED';
  if (before.raisedAt === after.raisedAt && before.endedAt === after.endedAt) return 'HANDLED';
  return after.endedAt === undefined ? 'BACK' : 'AWAY';
}

/** What a change of an alert changes. */
function stageOf(alert: AlertView): string {
  const { number, endedAt } = toldOf(alert);
  const { raisedAt, endedAt: away = '', acknowledged, silencedUntil = '' } = alert;
  return [raisedAt, away, number, endedAt ?? '', acknowledged?.at ?? '', silencedUntil].join(' ');
}

/** The end of a lease that left nothing behind: nobody had received its grant. */
export function undone(lease: LeaseView, at: number): BudgetEvent {
  return { kind: 'released', at, lease: { ...lease, status: 'RELEASED', closedAt: at } };
}

/** How a closed lease ended. */
export function endOf(lease: LeaseView): BudgetEvent {
  const kinds = { LIVE: 'released', RELEASED: 'released', EXPIRED: 'expired', REVOKED: 'revoked' } as const;
  return { kind: kinds[lease.status], at: lease.closedAt ?? lease.asOf, lease };
}
