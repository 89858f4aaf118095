import type { Refused } from '../domain/model/outcomes.js';
import { crossing } from '../domain/statistics/crossing.js';
import type { ExportedRow } from '../domain/statistics/usage-lines.js';
import type { Caller, ExportQuery, ServicePort, UsageExport } from './service-port.js';
import { daysAfter, earliest } from './usage-listing.js';

/** So many days are held at once. */
const DAYS_AT_ONCE = 7;
const KEYS = ['DAY', 'AI', 'MODEL', 'TEAM'] as const;

/** Usage by day, AI, model and team, a few days after the other, however long the span is. */
export async function exportUsage(
  servicePort: ServicePort,
  budgetId: string,
  query: ExportQuery,
  caller: Caller,
): Promise<UsageExport | Refused> {
  const outcome = await servicePort.submit(budgetId, { kind: 'get-snapshot' }, caller);
  if (outcome.kind === 'refused') return outcome;
  const { snapshot } = outcome;
  const from = query.fromDay ?? earliest(snapshot.month.key, query.toDay);
  const today = snapshot.today.day;
  const to = query.toDay ?? (from > today ? from : today);
  const { policy } = snapshot.budget;
  async function* rows(): AsyncIterable<ExportedRow> {
    for (let first = from; first <= to; first = daysAfter(first, DAYS_AT_ONCE)) {
      const last = daysAfter(first, DAYS_AT_ONCE - 1);
      for (const day of await servicePort.usageDays(snapshot, first, last < to ? last : to)) {
        const crossed = crossing([day], policy, KEYS, {});
        const sorted = crossed.sort((a, b) => compare(a.aiId, b.aiId) || compare(a.model, b.model));
        for (const row of sorted)
          if (row.tokens > 0 || row.calls > 0) yield { ...row, budgetId, unit: day.unit ?? 'tokens' };
      }
    }
  }
  return { fromDay: from, toDay: to, rows: rows() };
}

function compare(a = '', b = ''): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
