import type { WindowKind, Writable } from '../model/types.js';
import type { Ledger } from './ledger.js';
import type { Scope } from './scopes.js';

/** What came from top-ups in the windows of now. */
export type ToppedWindows = { readonly [K in WindowKind]: number };

/** The same of each team that has any, by the names of its AIs: of `(other)` nobody knows the teams. For those who look. */
export function toppedByTeam({ tables, scopes, today, month }: Ledger): ReadonlyMap<Scope, ToppedWindows> {
  const sums = new Map<Scope, Writable<ToppedWindows>>();
  const add = (kind: WindowKind, ai: string, tokens: number) => {
    const team = scopes?.teamOf(ai);
    if (team === undefined) return;
    const sum = sums.get(team) ?? { HOUR: 0, DAY: 0, MONTH: 0 };
    sum[kind] += tokens;
    sums.set(team, sum);
  };
  for (const [ai, tokens] of tables.hourTopped) add('HOUR', ai, tokens);
  for (const [key, tokens] of tables.toppedAis) {
    const space = key.indexOf(' ');
    const span = key.slice(0, space);
    if (span === today.day) add('DAY', key.slice(space + 1), tokens);
    else if (span === month.key) add('MONTH', key.slice(space + 1), tokens);
  }
  return sums;
}
