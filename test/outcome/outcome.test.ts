import { describe, expect, it } from 'vitest';
import { OFFICE, saturating } from '../../scripts/outcome/demand.js';
import { type Row, rowOf } from '../../scripts/outcome/figures.js';
import type { OutcomeRule } from '../../scripts/outcome/run-month.js';

/** The specification says one decimal place, and asks for a point. */
const NEAR = 1.05;

function expectNear(row: Row, rule: OutcomeRule, used: number, spread: number): void {
  const { usedPercent = 0, spreadPercent = 0 } = row.rules.get(rule) ?? {};
  expect(Math.abs(usedPercent - used), `${rule} used ${usedPercent}`).toBeLessThanOrEqual(NEAR);
  expect(Math.abs(spreadPercent - spread), `${rule} spread ${spreadPercent}`).toBeLessThanOrEqual(NEAR);
}

describe('what pacing makes of a month', { timeout: 300_000 }, () => {
  it('of saturating demand lasts under FLOOR and EVEN, and under EVEN is as even as promised', async () => {
    const row = await rowOf(saturating(1_000));
    expectNear(row, 'FIRST_FORM', 100, 0);
    expectNear(row, 'EVEN', 100, 37.8);
    expectNear(row, 'FLOOR', 100, 75);
    expect(row.rules.get('EVEN')?.spreadPercent).toBeLessThanOrEqual(100 * (1 - 0.933333 / 1.5) + 0.02);
    const dry = (rule: OutcomeRule) => row.rules.get(rule)?.dry ?? 30;
    expect([dry('NONE'), dry('FLOOR'), dry('EVEN')]).toEqual([13, 30, 30]);
  });

  it('of office hours is used by 12 points more than by equal parts, and is no less even', async () => {
    const row = await rowOf(OFFICE, 1);
    expectNear(row, 'FIRST_FORM', 77.9, 85);
    expectNear(row, 'EVEN', 89.1, 85.4);
    expectNear(row, 'FLOOR', 96.4, 89.5);
  });
});
