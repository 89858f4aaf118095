import type { Lease } from '../gen/budgetarbiter/v1/budget.js';
import { StartError } from '../platform/start-error.js';
import type { AskedSlot } from '../replay/trace.js';
import { MICROS_PER_MS } from '../replay/trace.js';
import { usedDayLine } from '../replay/usage-trace.js';
import { traceLine } from '../replay/write-trace.js';
import { closingLine, type Done } from './closing-line.js';
import { type Exported, ExportFile, type Exporting } from './export-file.js';
import type { Run } from './output.js';
import { Progress } from './progress.js';
import { ServedBudget } from './served-budget.js';
import { amount } from './text.js';
import { exportUsageFiles, type UsageFiles } from './usage-files.js';

export interface ExportCommand extends UsageFiles {
  readonly trace?: string;
  readonly usage?: string;
  readonly months: number;
  readonly json?: true;
}

/** Writes what was used and granted of a budget, for other programs and for `replay`. */
export async function runExport(
  run: Run,
  budgetId: string | undefined,
  options: ExportCommand,
): Promise<void> {
  const { csv, jsonl, trace, usage } = options;
  const wanted = [csv, jsonl, trace, usage].filter((file) => file !== undefined);
  if (wanted.length === 0) throw new StartError('name what to write: --csv, --jsonl, --trace or --usage', 2);
  const toOutput = wanted.filter((file) => file === '-').length;
  if (toOutput > 0 && options.json)
    throw new StartError('--json says what was written, and - writes it there: only one of them can be', 2);
  if (toOutput > 1) throw new StartError('only one of them can be written to standard output', 2);
  const tell = toOutput > 0 || options.json ? run.output.err : run.output.out;
  const progress = Progress.of(run);
  try {
    const exported: Exported[] = [];
    const add = (one: Exported): void => {
      exported.push(one);
      if (one.file.isOutput) return;
      progress.beside(() =>
        options.json ? run.output.out(jsonOf(one)) : tell(`${one.file.name}: ${one.told}\n`),
      );
    };
    if (csv !== undefined || jsonl !== undefined)
      await exportUsageFiles({ run, progress, add }, budgetId, options);
    if (trace !== undefined || usage !== undefined)
      await exportServed({ run, progress, add }, budgetId, options);
    progress.end();
    tell(`${closingLine('Exported', together(exported), progress.elapsedMs)}\n`);
  } finally {
    progress.end();
  }
}

function jsonOf({ file, of, count }: Exported): string {
  return `${JSON.stringify({ file: file.name, [of]: count, bytes: file.bytes })}\n`;
}

/** Of several files one sum for each kind of line, and their bytes. */
function together(exported: readonly Exported[]): Done[] {
  const sums = new Map<Done['of'], number>();
  for (const { of, count } of exported) sums.set(of, (sums.get(of) ?? 0) + count);
  const bytes = exported.reduce((sum, { file }) => sum + file.bytes, 0);
  return [...Array.from(sums, ([of, count]) => ({ of, count })), { of: 'bytes', count: bytes }];
}

async function exportServed(
  { run, progress, add }: Exporting,
  budgetId: string | undefined,
  options: ExportCommand,
): Promise<void> {
  const { trace, usage, months } = options;
  const open = (name: string | undefined) =>
    name === undefined ? undefined : new ExportFile(name, run.output);
  const [calls, days] = [open(trace), open(usage)];
  const served = await ServedBudget.open(run, budgetId, options);
  try {
    if (calls !== undefined) {
      await calls.write(traceLines(served, progress));
      const told = `${amount(calls.lines)} granted calls of the last 7 days; what was denied is stored nowhere`;
      add({ file: calls, count: calls.lines, of: 'calls', told });
    }
    if (days !== undefined) {
      await days.write((await served.months(months, progress)).map((day) => usedDayLine(day)));
      add({ file: days, count: days.lines, of: 'days', told: `${amount(days.lines)} days with usage` });
    }
  } finally {
    served.close();
  }
}

async function* traceLines(served: ServedBudget, progress: Progress): AsyncIterable<string> {
  for await (const lease of served.closedLeases(progress)) {
    const slot = slotOf(lease);
    if (slot !== undefined) yield traceLine(slot, served.budgetId);
  }
}

/** What was presumed of a lease was charged as if it had been used. */
function slotOf(lease: Lease): AskedSlot | undefined {
  const { grantedAt, closedAt, aiId, reservedTokens, usedTokens, presumedTokens } = lease;
  if (grantedAt === undefined) return undefined;
  const at = grantedAt.getTime() * MICROS_PER_MS;
  const took = Math.max(0, (closedAt ?? grantedAt).getTime() * MICROS_PER_MS - at);
  const tokens = usedTokens + presumedTokens;
  const asked = { estimate: Math.max(1, reservedTokens), tokens, took, waitMs: 0 };
  return { kind: 'slot', at, aiId, model: lease.model ?? '', recorded: 'granted', ...asked };
}
