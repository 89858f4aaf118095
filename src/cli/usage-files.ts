import { type ExportFormat, exportHead, exportLine, exportName } from '../domain/statistics/usage-lines.js';
import { type DaySpan, daysBetween, pieces } from '../domain/time/calendar.js';
import { UsageGrouping, UsageOrder, type UsageRow } from '../gen/budgetarbiter/v1/budget_admin_service.js';
import type { WorkProgress } from '../platform/work-progress.js';
import type { ConnectionOptions } from './connect.js';
import { ExportFile, type Exporting } from './export-file.js';
import { amount } from './text.js';
import { type Asked, asked, KEYS } from './usage.js';

const PAGE = 1_000;
const DAYS_AT_ONCE = 7;

export interface UsageFiles extends ConnectionOptions {
  readonly csv?: string | true;
  readonly jsonl?: string | true;
  readonly range: string;
}

/** Writes usage by day, AI, model and team into files. */
export async function exportUsageFiles(
  { run, progress, add }: Exporting,
  id: string | undefined,
  options: UsageFiles,
): Promise<void> {
  await asked(run, id, options, async (of) => {
    for (const format of ['csv', 'jsonl'] as const) {
      const wanted = options[format];
      if (wanted === undefined) continue;
      const { fromDay, toDay } = of.range;
      const name = wanted === true ? exportName(of.budgetId, fromDay, toDay, format) : wanted;
      const file = new ExportFile(name, run.output);
      await file.write(linesOf(format, of, progress), exportHead(format));
      add({ file, count: file.lines, of: 'rows', told: `${amount(file.lines)} rows` });
    }
  });
}

async function* linesOf(format: ExportFormat, of: Asked, progress: WorkProgress): AsyncGenerator<string> {
  const { budgetId, unit, range } = of;
  progress.begin({ what: 'exporting', pieces: daysBetween(range.fromDay, range.toDay) + 1, of: 'days' });
  // An answer has the sums of all its pages, so each costs the service the whole span that it is asked for.
  for (const some of pieces(range, DAYS_AT_ONCE)) {
    for await (const row of rowsOf(of, some)) yield exportLine(format, { ...row, budgetId, unit });
    progress.reach(daysBetween(range.fromDay, some.toDay) + 1);
  }
}

/** A page at a time, in the order of days. */
async function* rowsOf({ budgetId, service }: Asked, range: DaySpan): AsyncGenerator<UsageRow> {
  for (let pageToken = ''; ; ) {
    const page = await service.call(service.admin.listUsage.bind(service.admin), {
      ...{ budgetId, ...range, by: Object.values(KEYS).map(({ grouping }) => grouping), pageToken },
      groupBy: UsageGrouping.USAGE_GROUPING_UNSPECIFIED,
      ...{ orderBy: UsageOrder.USAGE_ORDER_KEY, descending: false, pageSize: PAGE },
    });
    yield* page.rows;
    pageToken = page.nextPageToken;
    if (pageToken === '') return;
  }
}
