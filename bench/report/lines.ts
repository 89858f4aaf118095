import { median } from '../measure/median.js';
import type { Cell, Sample } from '../rounds.js';

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
    const limit = cells.find((other) => other.row.id === row.limit && other.callers === callers);
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
      ...(limit === undefined ? {} : against(limit, samples)),
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

function against(limit: Cell, samples: readonly Sample[]): Pick<Line, 'limit' | 'ratio' | 'p99Ratio'> {
  const ratios = (of: (sample: Sample) => number) =>
    samples.flatMap((sample, round) => {
      const other = limit.samples[round];
      return other === undefined ? [] : of(sample) / of(other);
    });
  return {
    limit: limit.row.id,
    ratio: median(ratios(({ callsPerSecond }) => callsPerSecond)),
    p99Ratio: median(ratios(({ p99Ms }) => p99Ms)),
  };
}
