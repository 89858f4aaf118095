import { describe, expect, it } from 'vitest';
import { parseBudgetsFile } from '../../../src/config/budgets-file.js';

function problems(text: string): string[] {
  return parseBudgetsFile('c.yaml', text).problems.map(({ place, message }) => `${place}: ${message}`);
}

describe('the section "metrics"', () => {
  it.each([
    ['metrics:', { maxBudgets: 200, aiLabels: [] }],
    ['metrics: {max_budgets: 5}', { maxBudgets: 5, aiLabels: [] }],
    ['metrics: {ai_labels: [guardian, "a/b"]}', { maxBudgets: 200, aiLabels: ['guardian', 'a/b'] }],
  ])('%s', (text, metrics) => {
    expect(parseBudgetsFile('c.yaml', text)).toMatchObject({ metrics, problems: [] });
  });

  it('is absent where the file does not say', () => {
    expect(parseBudgetsFile('c.yaml', 'budgets: {}').metrics).toBeUndefined();
  });

  it.each([
    ['metrics: 5', 'c.yaml:1:10: metrics: 5 is not a map with max_budgets or ai_labels'],
    [
      'metrics: {max_budgets: 0}',
      'c.yaml:1:24: metrics.max_budgets: 0 is not a whole number of budgets from 1 to 2,000',
    ],
    ['metrics: {max_budgets: 1.5}', /is not a whole number of budgets/],
    ['metrics: {max_budgets: many}', /"many" is not a whole number of budgets/],
    ['metrics: {ai_labels: guardian}', /"guardian" is not a list of AI ids/],
    ['metrics: {ai_labels: [a b]}', /metrics\.ai_labels\[0\]: "a b" is not an AI id/],
    ['metrics: {ai_labels: [(other)]}', /"\(other\)" is not an AI id .* other than \(other\)/],
    [`metrics: {ai_labels: [${'a, '.repeat(101)}]}`, /more than 100 AIs would make too many series/],
    ['metrics: {ai_label: [a]}', /metrics\.ai_label: no such setting; did you mean ai_labels\?/],
  ])('%s', (text, message) => {
    expect(problems(text)).toEqual([message instanceof RegExp ? expect.stringMatching(message) : message]);
  });
});
