/** One unit is 0.0001 percent: a million of them is the whole. */
const WHOLE = 1_000_000;
const UNITS_PER_PERCENT = 10_000;

/** A percentage as whole units of 0.0001 percent, so that sums and products of percentages are exact. */
export function percentUnits(percent: number): number {
  return Math.round(percent * UNITS_PER_PERCENT);
}

/** Whether the shortest decimal text of this number has at most 4 decimal places. */
export function isPercent(value: number): boolean {
  return Number.isFinite(value) && percentUnits(value) / UNITS_PER_PERCENT === value;
}

/**
 * The floor of the exact decimal product. 33.3 percent of 70,000 is 23,310; in doubles 70000 * 33.3 / 100 is just below.
 */
export function percentOf(tokens: number, percent: number): number {
  const units = percentUnits(percent);
  const product = tokens * units;
  if (Number.isSafeInteger(product)) return Math.floor(product / WHOLE);
  // Whole millions and the rest apart, so that no product is too large to be exact.
  const rest = tokens % WHOLE;
  return ((tokens - rest) / WHOLE) * units + Math.floor((rest * units) / WHOLE);
}
