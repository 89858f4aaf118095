import { HOUR_MS, hourOf } from '../domain/denials/denials.js';
import { NOTHING_RECENT, type RecentDenials } from '../domain/denials/recent.js';
import { denialList } from '../domain/denials/rows.js';
import { type BudgetSnapshot, type Refused, refused } from '../domain/model/outcomes.js';
import type { Context } from './context.js';
import type { DenialQuery, Denials } from './service-port.js';

const USUAL_MS = 24 * HOUR_MS;
const MOST_MS = 7 * 24 * HOUR_MS;

/** Who was refused: what this replica remembers, the moment included. */
export function listDenials(
  { denied, clock }: Context,
  { budget: { budgetId }, epoch }: BudgetSnapshot,
  query: DenialQuery,
): Denials | Refused {
  const { now } = clock.read();
  const to = query.to ?? now;
  const from = query.from ?? to - USUAL_MS;
  if (from >= to || to - from > MOST_MS) {
    const description = 'must be before `to`, or now, and at most 7 days before it: ask for two spans';
    return refused({ reason: 'INVALID_FIELD', violations: [{ field: 'from', description }] });
  }
  const hours = { from: hourOf(from), to: hourOf(to - 1) + HOUR_MS };
  const memory = denied.of(budgetId);
  const own = memory.epoch === epoch ? memory.spans(hours.from, hours.to) : [];
  return { kind: 'denials', ...hours, ...denialList(own, query) };
}

/** What this replica refused of late. */
export function recentDenials({ denied, clock }: Context, budgetId: string, epoch: number): RecentDenials {
  const memory = denied.of(budgetId);
  return memory.epoch === epoch ? memory.recent(clock.read().now) : NOTHING_RECENT;
}
