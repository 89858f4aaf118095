import { driveGo } from '../drive/go-driver.js';
import { cpuTimeMs, ownMemoryMiB } from '../measure/cpu-time.js';
import { median } from '../measure/median.js';
import { fixed, table, whole } from '../report/table.js';
import { Budgets } from '../serve/budgets.js';
import type { World } from '../serve/world.js';

const CALLERS = 16;
const SLICE_SECONDS = 15;

/** One stretch of the soak. */
export interface SoakSlice {
  readonly minute: number;
  readonly callsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Without the mapped data file, which grows with what is recorded. */
  readonly memoryMiB: number;
  readonly cpuUsPerCall: number;
  readonly errors: number;
}

/** The cycle without a pause on the embedded store: memory and latency must stay level. */
export async function runSoak(
  world: World,
  minutes: number,
  onProgress: (text: string) => void,
): Promise<SoakSlice[]> {
  const served = await world.at('embedded');
  const [pid = 0] = served.pids;
  const budget = new Budgets(served, 'bench-soak', 1);
  await budget.create();
  const slices: SoakSlice[] = [];
  const count = Math.max(4, Math.round((minutes * 60) / SLICE_SECONDS));
  for (let slice = 1; slice <= count; slice += 1) {
    onProgress(`soak, ${slice} of ${count}`);
    const cpuBefore = cpuTimeMs(served.pids);
    const load = await driveGo({
      ...{ mode: 'cycle' as const, addresses: served.addresses, callers: CALLERS },
      ...{ seconds: SLICE_SECONDS, budget: budget.name },
    });
    slices.push({
      minute: (slice * SLICE_SECONDS) / 60,
      callsPerSecond: load.calls / load.seconds,
      p50Ms: load.p50Ms,
      p99Ms: load.p99Ms,
      memoryMiB: ownMemoryMiB(pid),
      cpuUsPerCall: ((cpuTimeMs(served.pids) - cpuBefore) * 1_000) / load.calls,
      errors: load.errors,
    });
  }
  return slices;
}

/** The last quarter to the second: the first still warms up. */
export function soakFigures(slices: readonly SoakSlice[]): [string, number][] {
  const quarter = slices.length / 4;
  const early = slices.slice(Math.floor(quarter), Math.ceil(2 * quarter));
  const late = slices.slice(Math.floor(3 * quarter));
  const ratio = (of: (slice: SoakSlice) => number) => median(late.map(of)) / median(early.map(of));
  return [
    ['soak-memory', ratio(({ memoryMiB }) => memoryMiB)],
    ['soak-p99', ratio(({ p99Ms }) => p99Ms)],
  ];
}

/** A line a minute, or each slice of a short one. */
export function soakTable(slices: readonly SoakSlice[]): string {
  const perMinute = 60 / SLICE_SECONDS;
  const shown = slices.length > 12 ? slices.filter((_, at) => (at + 1) % perMinute === 0) : slices;
  return table(
    [
      `soak, ${CALLERS} callers, minute`,
      'calls/s',
      'p50 ms',
      'p99 ms',
      'CPU us/call',
      'own memory MiB',
      'errors',
    ],
    shown.map((slice) => [
      fixed(slice.minute, 2),
      whole(slice.callsPerSecond),
      fixed(slice.p50Ms, 2),
      fixed(slice.p99Ms, 2),
      fixed(slice.cpuUsPerCall, 0),
      whole(slice.memoryMiB),
      slice.errors === 0 ? '' : whole(slice.errors),
    ]),
  );
}
