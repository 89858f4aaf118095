import { callsOf, tokensOf } from '../../src/domain/ledger/counts.js';
import type { LedgerTables } from '../../src/domain/ledger/ledger-tables.js';
import { pairOf } from '../../src/domain/ledger/pairs.js';
import type { StoredCount } from '../../src/domain/model/state.js';
import type { Say } from './say.js';

/** After every commit: what AIs used of models comes to what a day counts of both. Days of the simulation have room for all of it. */
export function checkPairs(tables: LedgerTables, day: string, say: Say): void {
  const pairs = tables.pairsOfDay(day);
  const { ais, models } = tables.accountsOf(day);
  for (const [at, names] of [ais, models].entries()) {
    const sums = new Map<string, readonly [number, number, number]>();
    for (const [pair, count] of pairs) {
      const name = pairOf(pair)[at] ?? '';
      say(tokensOf(count) >= 0, `${day}: ${pair} below zero`);
      sums.set(name, added(sums.get(name), count));
    }
    for (const [name, { value }] of names) {
      const [counted, inPairs] = [added(undefined, value), sums.get(name) ?? [0, 0, 0]];
      say(String(counted) === String(inPairs), `${day}: ${name} has ${counted}, in its pairs ${inPairs}`);
    }
  }
}

function added(
  before: readonly [number, number, number] | undefined,
  count: StoredCount | undefined,
): readonly [number, number, number] {
  const [tokens, calls, failed] = before ?? [0, 0, 0];
  const more = callsOf(count);
  return [tokens + tokensOf(count), calls + (more?.calls ?? 0), failed + (more?.failedCalls ?? 0)];
}
