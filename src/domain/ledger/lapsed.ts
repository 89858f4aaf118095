import { type Keeping, lapsedBy, unmelted } from '../policy/kept.js';
import type { Ledger } from './ledger.js';

/** What has lapsed of a team's guarantee in a window of now: see `policy/kept.ts`. */
export function lapsedIn({ tables }: Ledger, window: 'HOUR' | 'DAY', start: number, teamId: string): number {
  if (tables.lapsed.size === 0) return 0;
  const known = tables.lapsed.get(`${window} ${teamId}`);
  return known?.windowStart === start ? known.tokens : 0;
}
