import { median } from '../measure/median.js';
import type { Cell, Sample } from '../rounds.js';
import { cellOf, P99, RATE, ratioOf } from './ratio.js';

/** A line of the table: medians of the rounds. */
export interface Line {
  readonly row: string;
  readonly what: string;
  readonly driver: string;
  readonly callers: number;
  readonly callsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuUsPerCall?: number;
  readonly commitsPerSecond?: number;
  readonly callsPerCommit?: number;
  readonly limit?: string;
  /** Calls a second to those of the limit, each round against its own. */
  readonly ratio?: number;
  /** The same of p99. */
  readonly p99Ratio?: number;
  /** Of all rounds. */
  readonly errors: number;
  readonly lastError?: string;
  /** The least of all rounds. */
  readonly leastShare?: number;
}

export function linesOf(cells: readonly Cell[]): Line[] {
  return cells.map((cell) => {
    const { row, callers, samples } = cell;
    const limit = row.limit === undefined ? undefined : cellOf(cells, row.limit, callers);
    const least = samples.flatMap(({ leastShare }) => leastShare ?? []);
    const lastError = samples.find((sample) => sample.lastError !== undefined)?.lastError;
    return {
      ...{ row: row.id, what: row.what, driver: row.driver, callers },
      callsPerSecond: median(samples.map(({ callsPerSecond }) => callsPerSecond)),
      p50Ms: median(samples.map(({ p50Ms }) => p50Ms)),
      p99Ms: median(samples.map(({ p99Ms }) => p99Ms)),
      ...medianOf(samples, 'cpuUsPerCall'),
      ...medianOf(samples, 'commitsPerSecond'),
      ...medianOf(samples, 'callsPerCommit'),
      ...(limit === undefined ? {} : against(limit, cell)),
      errors: samples.reduce((sum, { errors }) => sum + errors, 0),
      ...(lastError === undefined ? {} : { lastError }),
      ...(least.length === 0 ? {} : { leastShare: Math.min(...least) }),
    };
  });
}

type Optional = 'cpuUsPerCall' | 'commitsPerSecond' | 'callsPerCommit';

function medianOf(samples: readonly Sample[], key: Optional): Partial<Record<Optional, number>> {
  const values = samples.flatMap((sample) => sample[key] ?? []);
  return values.length === 0 ? {} : { [key]: median(values) };
}

function against(limit: Cell, cell: Cell): Pick<Line, 'limit' | 'ratio' | 'p99Ratio'> {
  const ratio = ratioOf(cell, limit, RATE);
  const p99Ratio = ratioOf(cell, limit, P99);
  return {
    limit: limit.row.id,
    ...(ratio === undefined ? {} : { ratio }),
    ...(p99Ratio === undefined ? {} : { p99Ratio }),
  };
}
