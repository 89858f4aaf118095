import { expect, it } from 'vitest';
import { wholeWithin } from '../../../scripts/openapi/whole-within.js';

it.each([
  [0, 0],
  [0, 9],
  [1, 1_000],
  [7, 7],
  [9, 10],
  [17, 4_211],
  [190, 208],
  [1_000, 9_999],
  [3_599, 86_400],
])('knows the whole numbers from %d to %d by their digits', (least, most) => {
  const pattern = new RegExp(`^${wholeWithin(least, most)}$`);
  const wrong = [];
  for (let value = 0; value <= 2 * most + 1_000; value += 1) {
    if (pattern.test(String(value)) !== (value >= least && value <= most)) wrong.push(value);
  }
  expect(wrong).toEqual([]);
  for (const text of ['', '-1', `0${most}`, `${most}.0`, '1e3']) expect(pattern.test(text), text).toBe(false);
});

it.each([1e12, Number.MAX_SAFE_INTEGER])('knows what is above %d', (most) => {
  const pattern = new RegExp(`^${wholeWithin(1, most)}$`);
  expect([most - 1, most, most + 1, 10 * most].map((value) => pattern.test(String(value)))).toEqual([
    ...[true, true, false, false],
  ]);
});
