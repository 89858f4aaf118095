import { describe, expect, it } from 'vitest';
import { OFFICE, saturating, TAXIS } from '../../scripts/outcome/demand.js';
import { type Row, rowOf } from '../../scripts/outcome/figures.js';
import type { OutcomeRule } from '../../scripts/outcome/run-month.js';

/** Used percent, spread percent: the rows of the specification. */
type Table = Partial<Record<OutcomeRule, readonly [used: number, spread: number]>>;

/** It asks for a point. */
function expectNear(row: Row, table: Table): void {
  for (const [rule, [used, spread]] of Object.entries(table)) {
    const { usedPercent = 0, spreadPercent = 0 } = row.rules.get(rule as OutcomeRule) ?? {};
    expect(Math.abs(usedPercent - used), `${rule} used ${usedPercent}`).toBeLessThanOrEqual(1);
    expect(Math.abs(spreadPercent - spread), `${rule} spread ${spreadPercent}`).toBeLessThanOrEqual(1);
  }
}

function expectLasting(row: Row): void {
  for (const rule of ['FLOOR', 'FIRST_FORM', 'EVEN'] as const)
    expect(row.rules.get(rule)?.dry ?? 30, rule).toBe(30);
}

describe('what pacing makes of a month', { timeout: 300_000 }, () => {
  it('of saturating demand lasts under FLOOR and EVEN, and under EVEN is as even as promised', async () => {
    const row = await rowOf(saturating(1_000));
    expectNear(row, { FIRST_FORM: [100, 0], EVEN: [100, 37.8], FLOOR: [100, 75] });
    expect(row.rules.get('EVEN')?.spreadPercent).toBeLessThanOrEqual(100 * (1 - 0.933333 / 1.5) + 0.02);
    expectLasting(row);
    expect(row.rules.get('NONE')?.dry).toBe(13);
  });

  it.each<[typeof OFFICE, number, Table, mostFromClairvoyant: number]>([
    [TAXIS, 1, { FIRST_FORM: [96.5, 34.1], EVEN: [97, 35.2], FLOOR: [98.2, 49] }, 4],
    [OFFICE, 0.8, {}, 8],
    [OFFICE, 1, { FIRST_FORM: [77.9, 85], EVEN: [89.1, 85.4], FLOOR: [96.4, 89.5] }, 8],
    [OFFICE, 1.5, { FIRST_FORM: [91.7, 82.9], EVEN: [98.7, 81], FLOOR: [99.8, 85.4] }, 8],
    [OFFICE, 3, {}, 8],
  ])('of $0.name x $1 is as specified, and as near to the clairvoyant', async (kind, factor, table, most) => {
    const row = await rowOf(kind, factor);
    expectNear(row, table);
    expectLasting(row);
    const { spreadPercent = 100, clairvoyantPercent = 0 } = row.rules.get('EVEN') ?? {};
    expect(spreadPercent - clairvoyantPercent).toBeLessThanOrEqual(most);
  });
});
