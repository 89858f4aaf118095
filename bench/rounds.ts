import type { Load } from './drive/load.js';
import { cpuTimeMs } from './measure/cpu-time.js';
import { CALLERS, type Opened, type Row } from './rows/row.js';
import type { World } from './serve/world.js';

export interface Sample extends Load {
  readonly callsPerSecond: number;
  readonly cpuUsPerCall?: number;
  readonly commitsPerSecond?: number;
  readonly callsPerCommit?: number;
}

export interface Cell {
  readonly row: Row;
  readonly callers: number;
  /** One per round. */
  readonly samples: Sample[];
}

export interface RoundOptions {
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly firstWarmUpSeconds: number;
  /** Told what is measured now. */
  readonly onProgress: (text: string) => void;
}

/** Every row in every round, so that whatever slows the machine for a while slows a row and its limit alike. */
export async function runRounds(world: World, rows: readonly Row[], options: RoundOptions): Promise<Cell[]> {
  const opened = new Map<Row, Opened>();
  for (const row of rows) opened.set(row, await row.open(world));
  // A service runs for months, and compiles what it does often in its first ten thousand calls.
  for (const [row, open] of opened) {
    options.onProgress(`warming up ${row.id}`);
    await open.drive(Math.max(...(row.callers ?? CALLERS)), options.firstWarmUpSeconds);
  }
  const cells = rows.flatMap((row): Cell[] =>
    (row.callers ?? CALLERS).map((callers) => ({ row, callers, samples: [] })),
  );
  for (let round = 1; round <= options.rounds; round += 1) {
    for (const callers of CALLERS) {
      for (const cell of cells.filter((of) => of.callers === callers)) {
        options.onProgress(`round ${round} of ${options.rounds}, ${callers} callers, ${cell.row.id}`);
        const open = opened.get(cell.row);
        if (open !== undefined) cell.samples.push(await measure(open, callers, options));
      }
    }
  }
  return cells;
}

async function measure(open: Opened, callers: number, options: RoundOptions): Promise<Sample> {
  await open.drive(callers, options.warmUpSeconds);
  const commitsBefore = await open.commits?.();
  const cpuBefore = cpuTimeMs(open.pids ?? []);
  const load = await open.drive(callers, options.seconds);
  const cpuMs = cpuTimeMs(open.pids ?? []) - cpuBefore;
  const commitsAfter = await open.commits?.();
  const commits = (commitsAfter ?? 0) - (commitsBefore ?? 0);
  const { calls, seconds } = load;
  return {
    ...load,
    callsPerSecond: calls / seconds,
    ...(open.pids === undefined ? {} : { cpuUsPerCall: (cpuMs * 1_000) / calls }),
    ...(open.commits === undefined
      ? {}
      : { commitsPerSecond: commits / seconds, callsPerCommit: calls / commits }),
  };
}
