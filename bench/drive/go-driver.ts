import { fileURLToPath } from 'node:url';
import type { Load } from './load.js';
import { runCommand } from './run-command.js';

const FOLDER = fileURLToPath(new URL('../go', import.meta.url));

export interface GoRun {
  readonly mode: 'cycle' | 'record' | 'session' | 'echo-stream';
  readonly addresses: readonly string[];
  readonly callers: number;
  readonly seconds: number;
  readonly budget?: string;
  readonly budgets?: number;
  readonly window?: number;
}

interface Printed {
  readonly calls: number;
  readonly errors: number;
  readonly last_error?: string;
  readonly seconds: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly least_share: number;
}

/** Generates the stubs and compiles; both are quick when nothing changed. */
export async function buildGoDriver(): Promise<void> {
  await runCommand('go', ['generate', '.'], FOLDER);
  await runCommand('go', ['build', '-o', 'driver', '.'], FOLDER);
}

let runs = 0;

export async function driveGo(run: GoRun): Promise<Load> {
  runs += 1;
  const flags = {
    mode: run.mode,
    addresses: run.addresses.join(','),
    callers: run.callers,
    duration: `${run.seconds}s`,
    budget: run.budget ?? 'bench',
    budgets: run.budgets ?? 1,
    window: run.window ?? 1,
    run: `${process.pid.toString(36)}-${runs}`,
  };
  const args = Object.entries(flags).flatMap(([name, value]) => [`-${name}`, String(value)]);
  const printed = JSON.parse(await runCommand(`${FOLDER}/driver`, args)) as Printed;
  return {
    calls: printed.calls,
    seconds: printed.seconds,
    p50Ms: printed.p50_ms,
    p99Ms: printed.p99_ms,
    errors: printed.errors,
    leastShare: printed.least_share,
    ...(printed.last_error === undefined ? {} : { lastError: printed.last_error }),
  };
}
