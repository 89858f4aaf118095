/**
 * The least spread that the same use can have: who knew every day's demand beforehand would fill all days up to one level, so that
 * they come to what was used. Percent, over the days with demand.
 */
export function clairvoyantSpread(demand: readonly number[], use: number): number {
  const days = demand.filter((tokens) => tokens > 0).sort((a, b) => a - b);
  const [least = 0] = days;
  const level = levelOf(days, use);
  return level <= least ? 0 : ((level - least) / level) * 100;
}

/** Where the sum of `min(demand, level)` is the use; no more than the largest demand. `days`: least first. */
function levelOf(days: readonly number[], use: number): number {
  let left = use;
  for (const [at, demand] of days.entries()) {
    const equal = left / (days.length - at);
    if (equal <= demand) return equal;
    left -= demand;
  }
  return days.at(-1) ?? 0;
}
