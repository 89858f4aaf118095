import { DAY_MS, type DenialSpan, HOUR_MS, hourOf } from '../domain/denials/denials.js';
import { mergedRecent, NOTHING_RECENT, type RecentDenials } from '../domain/denials/recent.js';
import { dayOf, withoutFolded } from '../domain/denials/records.js';
import { denialList } from '../domain/denials/rows.js';
import { type BudgetSnapshot, type Refused, refused } from '../domain/model/outcomes.js';
import { teamIdOf } from '../domain/policy/team-patterns.js';
import { FIRST_TIME, LAST_TIME } from '../domain/time/time-range.js';
import type { Context } from './context.js';
import type { DenialQuery, Denials } from './service-port.js';

const USUAL_MS = DAY_MS;
/** An hour more than is said: a caller's 7 days ago are so by a clock and a moment of their own. */
const MOST_MS = 7 * DAY_MS + HOUR_MS;

/** Who was refused: what is stored of all replicas, and in place of what this one wrote what it remembers, which is newer. */
export async function listDenials(
  context: Context,
  snapshot: BudgetSnapshot,
  query: DenialQuery,
): Promise<Denials | Refused> {
  const { now } = context.clock.read();
  const to = query.to ?? now;
  const from = query.from ?? Math.max(FIRST_TIME, to - USUAL_MS);
  if (from >= to || to - from > MOST_MS) {
    const description = 'must be before `to`, or now, and at most 7 days before it: ask for two spans';
    return refused({ reason: 'INVALID_FIELD', violations: [{ field: 'from', description }] });
  }
  const hours = { from: hourOf(from), to: Math.min(LAST_TIME, hourOf(to - 1) + HOUR_MS) };
  const { policy } = snapshot.budget;
  const spans = await spansOf(context, snapshot, hours);
  return { kind: 'denials', ...hours, ...denialList(spans, query, (aiId) => teamIdOf(policy, aiId)) };
}

async function spansOf(
  { denied, store }: Context,
  { budget: { budgetId }, epoch }: BudgetSnapshot,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<DenialSpan[]> {
  // A day that began before counts, too.
  const stored = await store.readDenials(budgetId, epoch, dayOf(from), to);
  // Looked at after the read: what was written and forgotten meanwhile is in neither else.
  const memory = denied.of(budgetId);
  const own = memory.epoch === epoch ? memory.spans(from, to) : [];
  const remembered = new Set(own.map(({ start }) => start));
  const others = withoutFolded(stored).filter(
    ({ start, end, writer }) => end > from && !(remembered.has(start) && writer === memory.writerOf(start)),
  );
  return [...others, ...own];
}

/** What this replica and others refused of late. */
export function recentDenials(
  { denied, clock, foreign }: Context,
  budgetId: string,
  epoch: number,
): RecentDenials {
  const memory = denied.of(budgetId);
  const own = memory.epoch === epoch ? memory.recent(clock.read().now) : NOTHING_RECENT;
  return mergedRecent([own, ...foreign.known(budgetId, epoch)]);
}
