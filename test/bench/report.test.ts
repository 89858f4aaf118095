import { describe, expect, it } from 'vitest';
import { chart } from '../../bench/report/chart.js';
import { linesOf } from '../../bench/report/lines.js';
import { ratesTable } from '../../bench/report/table.js';
import { verdicts } from '../../bench/report/targets.js';
import type { Cell, Sample } from '../../bench/rounds.js';
import { chosenRows, ROWS } from '../../bench/rows/rows.js';
import { rowsOf } from '../../bench/short.js';

function cell(id: string, callers: number, rates: readonly number[]): Cell {
  const row = ROWS.find((of) => of.id === id);
  if (row === undefined) throw new Error(id);
  const sample = (callsPerSecond: number): Sample => ({
    ...{ calls: callsPerSecond, seconds: 1, p50Ms: 1, p99Ms: 2, errors: 0, callsPerSecond },
  });
  return { row, callers, samples: rates.map(sample) };
}

/** The second round was disturbed: both rows were half as fast. */
const CELLS = [
  cell('echo-cycle', 64, [20_000, 10_000, 22_000]),
  cell('embedded-cycle', 64, [15_000, 7_500, 16_500]),
];

describe('the report of the benchmark', () => {
  it('holds each round against its own limit', () => {
    const [, line] = linesOf(CELLS);
    expect(line).toMatchObject({ callsPerSecond: 15_000, limit: 'echo-cycle', ratio: 0.75, p99Ratio: 1 });
  });

  it('judges the targets that were measured, and no others', () => {
    const found = verdicts(CELLS, new Map([['memory-idle', 130]]));
    expect(found.map(({ goal, met }) => [goal, met])).toEqual([
      [0.7, true],
      [1, true],
      [100, false],
    ]);
  });

  it('holds the CPU of a call against that of its limit, where both were measured', () => {
    const [echo, cycle] = CELLS as [Cell, Cell];
    const at = (of: Cell, us: number): Cell => ({
      ...of,
      samples: of.samples.map((sample) => ({ ...sample, cpuUsPerCall: us })),
    });
    const judged = (cells: readonly Cell[]) => verdicts(cells, new Map()).find(({ goal }) => goal === 1.6);
    expect(judged([at(echo, 40), at(cycle, 100)])).toMatchObject({ reached: 2.5, met: false });
    expect(judged([at(echo, 40), cycle])).toBeUndefined();
  });

  it('is a table of even columns and a chart of one bar a row', () => {
    const lines = linesOf(CELLS);
    const widths = new Set(
      ratesTable(lines)
        .split('\n')
        .map((line) => line.length),
    );
    expect(widths.size).toBe(1);
    expect(chart(lines, 'a < b').match(/<rect x=/g)).toHaveLength(2);
    expect(chart(lines, 'a < b')).toContain('a &lt; b');
  });
});

describe('the choice of rows', () => {
  it('brings the limits along', () => {
    const ids = chosenRows(['embedded-denials', 'mongo-cycle-64']).map(({ id }) => id);
    expect(ids).toEqual(['echo-cycle', 'echo-call', 'embedded-denials', 'mongo-cycle-64']);
  });

  it('of a second try is what failed, with its limit', () => {
    const ids = rowsOf(['embedded-denials/64'], ROWS).map(({ id }) => id);
    expect(ids).toEqual(['echo-call', 'embedded-denials']);
  });

  it('compares every row with a row that exists', () => {
    const ids = new Set(ROWS.map(({ id }) => id));
    expect(ids.size).toBe(ROWS.length);
    for (const { limit } of ROWS) if (limit !== undefined) expect(ids).toContain(limit);
  });
});
