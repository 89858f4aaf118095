/** Numbers as messages show them to a person. */

/** Made once: making one costs more than a whole decision. */
const AMOUNT = new Intl.NumberFormat('en-US', { maximumFractionDigits: 2 });

/** 11200 as `11,200`. */
export function amount(tokens: number): string {
  return Number.isSafeInteger(tokens) && tokens >= 0 ? grouped(String(tokens)) : AMOUNT.format(tokens);
}

/** By hand: every denial writes a handful of them, and the formatter takes five times as long. */
function grouped(digits: string): string {
  const first = digits.length % 3 || 3;
  let text = digits.slice(0, first);
  for (let at = first; at < digits.length; at += 3) text += `,${digits.slice(at, at + 3)}`;
  return text;
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
  const day = Math.floor(at / DAY_MS);
  const minutes = Math.floor((at - day * DAY_MS) / 60_000);
  return `${dateOf(day)} ${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)} UTC`;
}

const DAY_MS = 86_400_000;

/** The last day that was written: nearly always it is the next one too, and a date is slow to write. */
let lastDate = { day: 0, text: '1970-01-01' };

function dateOf(day: number): string {
  if (lastDate.day !== day) {
    const text = new Date(day * DAY_MS).toISOString();
    lastDate = { day, text: text.slice(0, text.indexOf('T')) };
  }
  return lastDate.text;
}

function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}
