import type { BudgetEvent as EventView, WatchUpdate } from '../../arbiter/service-port.js';
import type { BudgetEvent, WatchBudgetResponse } from '../../gen/budgetarbiter/v1/budget_admin_service.js';
import { alertMessage } from './alert.js';
import { budgetMessage } from './budget.js';
import { ruleMessage } from './denial.js';
import { optionalHeadline } from './headline.js';
import { leaseMessage } from './lease.js';
import { windowMessage } from './window.js';

export function watchMessage(update: WatchUpdate): WatchBudgetResponse {
  return {
    observedAt: new Date(update.at),
    events: update.events.flatMap(eventMessages),
    mergedEvents: update.mergedEvents,
    denials: [...update.denials].map(([rule, count]) => ({ rule: ruleMessage(rule), count })),
    liveSlots: update.snapshot?.liveLeases.length ?? 0,
    waiters: update.waiters,
    windows: update.snapshot?.windows.map(windowMessage) ?? [],
    stale: update.stale,
    revision: update.snapshot?.revision ?? 0,
    missed: update.missed ?? false,
    headline: optionalHeadline(update.headline),
  };
}

function eventMessages(event: EventView): BudgetEvent[] {
  const content = contentOf(event);
  return content === undefined ? [] : [{ occurredAt: new Date(event.at), event: content }];
}

/** An overrun reaches watchers as the alert that it raises. */
function contentOf(event: EventView): BudgetEvent['event'] {
  switch (event.kind) {
    case 'overrun':
      return undefined;
    case 'alert':
      return { $case: 'alert', value: alertMessage(event.alert) };
    case 'changed':
      return { $case: 'changed', value: budgetMessage(event.budget) };
    default:
      return { $case: event.kind, value: leaseMessage(event.lease) };
  }
}
