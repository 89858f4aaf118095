import type { Happening } from './happenings.js';
import { fitted, paint, paintAi, type Style } from './text.js';

const STYLES: Readonly<Record<Happening['kind'], readonly Style[]>> = {
  granted: ['green'],
  released: ['dim'],
  expired: ['red'],
  revoked: ['red'],
  alert: ['yellow'],
  denied: ['yellow'],
  killed: ['red', 'bold'],
  restarted: ['blue', 'bold'],
};

/** A line of what happened; without `width` as long as it is. */
export function happeningLine({ at, kind, aiId, text }: Happening, startedAt: Date, width?: number): string {
  const time = `${((at.getTime() - startedAt.getTime()) / 1_000).toFixed(1)} s`.padStart(8);
  const who = aiId === undefined ? '' : `${paintAi(aiId)} `;
  const room = width === undefined ? text.length : width - 20 - (aiId === undefined ? 0 : aiId.length + 1);
  return `${paint(time, 'dim')}  ${paint(kind.padEnd(9), ...STYLES[kind])} ${who}${fitted(text, room)}`.trimEnd();
}
