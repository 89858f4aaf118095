import { once } from 'node:events';
import { createWriteStream, existsSync } from 'node:fs';
import { settingText } from '../config/config.js';
import { withUnit } from '../domain/model/unit.js';
import { type ExportFormat, exportHead, exportLine, exportName } from '../domain/statistics/usage-lines.js';
import { dayName } from '../domain/time/windows.js';
import {
  type ListUsageResponse,
  UsageGrouping,
  UsageOrder,
  type UsageRow,
} from '../gen/budgetarbiter/v1/budget_admin_service.js';
import { PROCESS_TIME } from '../platform/clock.js';
import { StartError } from '../platform/start-error.js';
import { type ConnectionOptions, connect, type Service } from './connect.js';
import type { Run } from './output.js';
import { amount, harmless, share } from './text.js';
import { type DayRange, RANGE_RULE, readRange } from './usage-range.js';

const PAGE = 1_000;
const KEYS = {
  day: { grouping: UsageGrouping.USAGE_GROUPING_DAY, of: ({ day }: UsageRow) => day },
  ai: { grouping: UsageGrouping.USAGE_GROUPING_AI, of: ({ aiId }: UsageRow) => aiId },
  model: { grouping: UsageGrouping.USAGE_GROUPING_MODEL, of: ({ model }: UsageRow) => model },
  team: { grouping: UsageGrouping.USAGE_GROUPING_TEAM, of: ({ teamId }: UsageRow) => teamId },
} as const;
type Key = keyof typeof KEYS;

export interface UsageCommand extends ConnectionOptions {
  readonly range: string;
  readonly by: string;
  readonly ai?: string;
  readonly model?: string;
  readonly team?: string;
  readonly top: number;
  readonly json?: true;
}

interface Asked {
  readonly budgetId: string;
  readonly service: Service;
  readonly range: DayRange;
  readonly unit: string;
}

/** Who used what, most first; by day in the order of days. */
export async function printUsage(run: Run, id: string | undefined, options: UsageCommand): Promise<void> {
  const keys = readKeys(options.by);
  await asked(run, id, options, async (of) => {
    const page = await listed(of, options, keys);
    const { budgetId, range } = of;
    if (options.json) {
      const { rows, totalTokens, totalCalls, budgetTokens } = page;
      const told = { budgetId, ...range, totalTokens, totalCalls, budgetTokens };
      const ofRow = (row: UsageRow) => Object.fromEntries(keys.map((key) => [key, KEYS[key].of(row)]));
      const usage = rows.map((row) => ({
        ...ofRow(row),
        ...{ tokens: row.tokens, calls: row.calls, failedCalls: row.failedCalls },
      }));
      run.output.out(`${JSON.stringify({ ...told, rows: usage })}\n`);
      return;
    }
    run.output.out(tableOf(page, keys, of));
  });
}

function readKeys(text: string): readonly Key[] {
  const keys = text.split(',').map((key) => key.trim());
  const isRight = keys.every((key) => Object.hasOwn(KEYS, key)) && new Set(keys).size === keys.length;
  if (isRight) return keys as Key[];
  throw new StartError(`--by takes ${Object.keys(KEYS).join(', ')}, one or several with commas between`, 2);
}

function listed({ budgetId, service, range }: Asked, options: UsageCommand, keys: readonly Key[]) {
  const byDay = keys[0] === 'day';
  return service.call(service.admin.listUsage.bind(service.admin), {
    ...{ budgetId, ...range, by: keys.map((key) => KEYS[key].grouping), pageToken: '' },
    groupBy: UsageGrouping.USAGE_GROUPING_UNSPECIFIED,
    ...{ aiId: options.ai, model: options.model, teamId: options.team },
    orderBy: byDay ? UsageOrder.USAGE_ORDER_KEY : UsageOrder.USAGE_ORDER_TOKENS,
    ...{ descending: !byDay, pageSize: options.top },
  });
}

function tableOf(page: ListUsageResponse, keys: readonly Key[], { unit, range, budgetId }: Asked): string {
  const { rows, totalTokens, totalCalls, budgetTokens, nextPageToken } = page;
  const cells = rows.map((row) => [
    ...keys.map((key) => harmless(KEYS[key].of(row))),
    ...[
      withUnit(unit, row.tokens),
      share(row.tokens, budgetTokens),
      amount(row.calls),
      amount(row.failedCalls),
    ],
  ]);
  const head = [...keys.map((key) => key.toUpperCase()), 'USED', 'SHARE', 'CALLS', 'FAILED'];
  const all = [head, ...cells];
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  const lines = all.map((row) =>
    row
      .map((text, at) => (at < keys.length ? text.padEnd(widths[at] ?? 0) : text.padStart(widths[at] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
  const days = range.fromDay === range.toDay ? range.fromDay : `${range.fromDay} to ${range.toDay}`;
  const part = totalTokens < budgetTokens ? `, ${share(totalTokens, budgetTokens)} of the budget's` : '';
  const more = nextPageToken === '' ? '' : '; --top shows more rows';
  const sum = `${budgetId}, ${days}: ${withUnit(unit, totalTokens)} in ${amount(totalCalls)} calls${part}${more}`;
  return `${(rows.length === 0 ? [sum] : [...lines, '', sum]).join('\n')}\n`;
}

export interface UsageFiles extends ConnectionOptions {
  readonly csv?: string | true;
  readonly jsonl?: string | true;
  readonly range: string;
}

/** Writes usage by day, AI, model and team into files. */
export async function exportUsageFiles(run: Run, id: string | undefined, options: UsageFiles): Promise<void> {
  await asked(run, id, options, async (of) => {
    for (const format of ['csv', 'jsonl'] as const) {
      const wanted = options[format];
      if (wanted === undefined) continue;
      const { fromDay, toDay } = of.range;
      const file = wanted === true ? exportName(of.budgetId, fromDay, toDay, format) : wanted;
      if (existsSync(file)) throw new StartError(`${file} exists already`);
      const rows = await writeFile(file, format, of);
      run.output.out(`${file}: ${amount(rows)} rows\n`);
    }
  });
}

/** A page at a time, no faster than the disk takes them. */
async function writeFile(file: string, format: ExportFormat, of: Asked): Promise<number> {
  const { budgetId, service, range, unit } = of;
  const stream = createWriteStream(file, { flags: 'wx', mode: 0o600 });
  await once(stream, 'open');
  stream.write(exportHead(format));
  let count = 0;
  for (let pageToken = ''; ; ) {
    const page = await service.call(service.admin.listUsage.bind(service.admin), {
      ...{ budgetId, ...range, by: Object.values(KEYS).map(({ grouping }) => grouping), pageToken },
      groupBy: UsageGrouping.USAGE_GROUPING_UNSPECIFIED,
      ...{ orderBy: UsageOrder.USAGE_ORDER_KEY, descending: false, pageSize: PAGE },
    });
    for (const row of page.rows)
      if (!stream.write(exportLine(format, { ...row, budgetId, unit }))) await once(stream, 'drain');
    count += page.rows.length;
    pageToken = page.nextPageToken;
    if (pageToken === '') break;
  }
  stream.end();
  await once(stream, 'finish');
  return count;
}

async function asked(
  run: Run,
  id: string | undefined,
  options: ConnectionOptions & { readonly range: string },
  act: (of: Asked) => Promise<void>,
): Promise<void> {
  const budgetId = id ?? settingText(run.environment, 'defaultBudget').text ?? '';
  const service = connect(options, run.environment, PROCESS_TIME.wall);
  try {
    const { budget } = await service.call(service.admin.getBudget.bind(service.admin), { budgetId });
    const today = dayName(budget?.timeZoneInForce ?? 'UTC', PROCESS_TIME.wall());
    const range = readRange(options.range, today);
    if (range === undefined) throw new StartError(`--range must be ${RANGE_RULE}`, 2);
    await act({ budgetId, service, range, unit: budget?.effectivePolicy?.unit ?? 'tokens' });
  } finally {
    service.close();
  }
}
