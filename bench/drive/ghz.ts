import { fileURLToPath } from 'node:url';
import type { Load } from './load.js';
import { runCommand } from './run-command.js';

export interface GhzRun {
  readonly address: string;
  readonly method: string;
  readonly request: object;
  readonly callers: number;
  readonly seconds: number;
}

/** Beside the stubs of the Go driver, which nobody commits either. */
const PROTOSET = fileURLToPath(new URL('../go/gen/budget.protoset', import.meta.url));
let written: Promise<string> | undefined;

/** ghz reads `optional` of proto3 from a descriptor set only. */
function descriptorSet(): Promise<string> {
  written ??= runCommand('npx', ['buf', 'build', 'proto', '--as-file-descriptor-set', '-o', PROTOSET]).then(
    () => PROTOSET,
  );
  return written;
}

export async function driveGhz(run: GhzRun): Promise<Load> {
  const printed = await runCommand('ghz', [
    '--insecure',
    ...['--protoset', await descriptorSet(), '--call', `budgetarbiter.v1.BudgetService/${run.method}`],
    ...['--data', JSON.stringify(run.request), '--concurrency', String(run.callers)],
    // What is under way at the end is waited for: cut off, it would count as errors.
    ...['--duration', `${run.seconds}s`, '--duration-stop', 'wait', run.address],
  ]);
  return readSummary(printed);
}

const MS = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1_000, m: 60_000 };

/** Its summary, since its JSON lists every call. */
export function readSummary(text: string): Load {
  const find = (pattern: RegExp) => pattern.exec(text)?.slice(1) ?? [];
  const inMs = ([number, unit]: string[]) => Number(number) * MS[unit as keyof typeof MS];
  const [count] = find(/^\s*Count:\s*(\d+)/m);
  const total = inMs(find(/^\s*Total:\s*([\d.]+) (\S+)/m));
  const errors = [...text.matchAll(/^\s*\[(?!OK\])\w+\]\s+(\d+) responses/gm)];
  if (count === undefined || Number.isNaN(total)) throw new Error(`ghz printed no summary:\n${text}`);
  const failed = errors.reduce((sum, [, number]) => sum + Number(number), 0);
  return {
    calls: Number(count) - failed,
    seconds: total / 1_000,
    p50Ms: inMs(find(/50 % in ([\d.]+) (\S+)/)),
    p99Ms: inMs(find(/99 % in ([\d.]+) (\S+)/)),
    errors: failed,
    ...(failed > 0 ? { lastError: text.slice(text.indexOf('Status code')) } : {}),
  };
}
