import { amount } from './text.js';

/** What long work says when it is over: what it did, how much of it, how long that took and how fast it was. */

export interface Done {
  readonly count: number;
  /** In the plural. */
  readonly of: 'budgets' | 'bytes' | 'calls' | 'days' | 'documents' | 'requests' | 'rows';
}

/** The speed is in the last of what was done. */
export function closingLine(did: string, done: readonly Done[], ms: number): string {
  const took = `in ${elapsed(ms)}${speedOf(done.at(-1), ms)}`;
  return `${[`${did} ${done.map(counted).join(', ')}`, took].join(done.length > 1 ? ', ' : ' ')}`;
}

export function counted({ count, of }: Done): string {
  if (of === 'bytes') return bytesText(count);
  return `${amount(count)} ${count === 1 ? of.slice(0, -1) : of}`;
}

function speedOf(done: Done | undefined, ms: number): string {
  if (done === undefined || ms < 1) return '';
  const { count, of } = done;
  const perSecond = (count * 1_000) / ms;
  return of === 'bytes' ? ` (${bytesText(perSecond)}/s)` : ` (${rounded(perSecond)} ${of}/s)`;
}

function rounded(figure: number): string {
  return figure < 10 ? figure.toFixed(1) : amount(Math.round(figure));
}

const BYTE_UNITS = ['kB', 'MB', 'GB', 'TB'] as const;

/** In powers of a thousand. */
export function bytesText(bytes: number): string {
  let [figure, unit] = [bytes, 'bytes'];
  for (const larger of BYTE_UNITS) {
    if (Math.round(figure) < 1_000) break;
    [figure, unit] = [figure / 1_000, larger];
  }
  return `${unit === 'bytes' || figure >= 9.95 ? Math.round(figure) : figure.toFixed(1)} ${unit}`;
}

function elapsed(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return ms < 120_000 ? `${(ms / 1_000).toFixed(1)} s` : spanText(ms);
}

/** In the two largest units. */
export function spanText(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
