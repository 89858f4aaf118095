import { once } from 'node:events';
import { createWriteStream, existsSync } from 'node:fs';
import type { Lease } from '../gen/budgetarbiter/v1/budget.js';
import { StartError } from '../platform/start-error.js';
import type { AskedSlot } from '../replay/trace.js';
import { MICROS_PER_MS } from '../replay/trace.js';
import { usedDayLine } from '../replay/usage-trace.js';
import { traceLine } from '../replay/write-trace.js';
import type { ConnectionOptions } from './connect.js';
import type { Run } from './output.js';
import { ServedBudget } from './served-budget.js';
import { amount } from './text.js';

export interface ExportCommand extends ConnectionOptions {
  readonly trace?: string;
  readonly usage?: string;
  readonly months: number;
}

/** Writes what a budget granted, as files that `replay` reads. */
export async function runExport(
  run: Run,
  budgetId: string | undefined,
  options: ExportCommand,
): Promise<void> {
  const { trace, usage, months } = options;
  if (trace === undefined && usage === undefined)
    throw new StartError('name what to write: --csv, --jsonl, --trace or --usage', 2);
  for (const file of [trace, usage])
    if (file !== undefined && existsSync(file)) throw new StartError(`${file} exists already`);
  const served = await ServedBudget.open(run, budgetId, options);
  try {
    if (trace !== undefined) {
      const calls = await writeLines(trace, traceLines(served));
      run.output.out(
        `${trace}: ${amount(calls)} granted calls of the last 7 days; what was denied is stored nowhere\n`,
      );
    }
    if (usage !== undefined) {
      const days = (await served.months(months)).map((day) => usedDayLine(day));
      await writeLines(usage, days);
      run.output.out(`${usage}: ${amount(days.length)} days with usage\n`);
    }
  } finally {
    served.close();
  }
}

async function* traceLines(served: ServedBudget): AsyncIterable<string> {
  for await (const lease of served.closedLeases()) {
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

/** A line at a time, no faster than the disk takes them. */
async function writeLines(file: string, lines: Iterable<string> | AsyncIterable<string>): Promise<number> {
  const stream = createWriteStream(file, { flags: 'wx', mode: 0o600 });
  await once(stream, 'open');
  let count = 0;
  for await (const line of lines) {
    count += 1;
    if (!stream.write(line)) await once(stream, 'drain');
  }
  stream.end();
  await once(stream, 'finish');
  return count;
}
