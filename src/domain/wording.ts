/** Numbers as messages show them to a person. */

/** Made once: making one costs more than a whole decision. */
const AMOUNT = new Intl.NumberFormat('en-US', { maximumFractionDigits: 2 });

/** 11200 as `11,200`. */
export function amount(tokens: number): string {
  return AMOUNT.format(tokens);
}

/** `90 s`, `15 min`, `24 h`, `31 days`: the largest unit that divides it, or milliseconds. */
export function duration(ms: number): string {
  const units = [
    [86_400_000, 'days'],
    [3_600_000, 'h'],
    [60_000, 'min'],
    [1_000, 's'],
  ] as const;
  for (const [length, name] of units) {
    const least = name === 'days' ? 2 * length : length;
    if (ms >= least && ms % length === 0) return `${ms / length} ${name}`;
  }
  return ms === 0 ? '0 s' : `${ms} ms`;
}

/** `2026-11-15 10:20 UTC`. */
export function moment(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
