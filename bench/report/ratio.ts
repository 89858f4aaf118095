import { median } from '../measure/median.js';
import type { Cell, Sample } from '../rounds.js';

export function cellOf(cells: readonly Cell[], row: string, callers: number): Cell | undefined {
  return cells.find((cell) => cell.row.id === row && cell.callers === callers);
}

/** One measure of a cell to that of another: each round against its own, then the median. */
export function ratioOf(
  cell: Cell | undefined,
  to: Cell | undefined,
  measure: (sample: Sample) => number,
): number | undefined {
  const ratios = (cell?.samples ?? []).flatMap((sample, round) => {
    const other = to?.samples[round];
    return other === undefined ? [] : measure(sample) / measure(other);
  });
  return ratios.length === 0 ? undefined : median(ratios);
}

export const RATE = ({ callsPerSecond }: Sample): number => callsPerSecond;
export const P99 = ({ p99Ms }: Sample): number => p99Ms;
