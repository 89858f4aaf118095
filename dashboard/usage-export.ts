import type { Api } from './api.js';
import type { UsageJson, UsageRowJson } from './api-json.js';
import { saveCsv } from './csv-file.js';
import type { Amounts } from './format.js';
import type { DayRange } from './usage-range.js';

const PAGE = 1_000;
const BY = ['DAY', 'AI', 'MODEL', 'TEAM'].map((name) => `USAGE_GROUPING_${name}`);

/** All that was used in a span, by day, AI, model and team, as one file that is named by the budget and its days. Returns how many lines. */
export async function exportUsage(
  api: Api,
  budgetId: string,
  { from, to }: DayRange,
  amounts: Amounts,
  progress: (lines: number) => void,
): Promise<number> {
  const rows: UsageRowJson[] = [];
  const asked = { budgetId, fromDay: from, toDay: to, by: BY, pageSize: PAGE };
  for (let pageToken: string | undefined; ; ) {
    const found = await api.call<UsageJson>('ListUsage', { ...asked, ...(pageToken && { pageToken }) });
    rows.push(...(found.rows ?? []));
    progress(rows.length);
    if (!found.nextPageToken) break;
    pageToken = found.nextPageToken;
  }
  const header = ['Day', 'AI', 'Model', 'Team', amounts.title, 'Calls', 'Failed'];
  saveCsv(
    `${budgetId}-usage-${from}-to-${to}`,
    header,
    rows.map(({ day, aiId, model, teamId, tokens, calls, failedCalls }) => [
      ...[day, aiId, model, teamId, amounts.plain(Number(tokens ?? 0))],
      ...[Number(calls ?? 0), Number(failedCalls ?? 0)],
    ]),
  );
  return rows.length;
}
