import { BSON } from 'mongodb';
import type { Ledger } from '../../src/domain/ledger/ledger.js';
import { inDay, inMonth } from '../../src/domain/ledger/standing.js';
import { MAX_FULL_STATE_BYTES, MAX_RESERVED } from '../../src/domain/model/limits.js';
import type { PolicyFields } from '../../src/domain/model/policy.js';
import { SECTIONS, type StoredState } from '../../src/domain/model/state.js';
import { newDocument } from '../../src/store/mongo/documents.js';

/** What is as large as callers can make it, in some runs: the names of things, or what is asked for. */
export type Extreme = 'NAMES' | 'SUMS' | undefined;

const HUGE = 1e12;
/**
 * What was spent before anybody asks: near where reserving is to stop, or near the end of what can be counted, where two
 * reservations would leave no room for a report.
 */
const SPENT = [MAX_RESERVED - 3 * HUGE, Number.MAX_SAFE_INTEGER - 2 * HUGE - 200] as const;

export function extremeOf(seed: number): Extreme {
  if (seed % 10 === 7) return 'NAMES';
  return seed % 10 === 9 ? 'SUMS' : undefined;
}

/** What was spent before the run begins. */
export function spentBefore(extreme: Extreme, seed: number): number {
  return extreme === 'SUMS' ? (SPENT[seed % 20 < 10 ? 0 : 1] ?? 0) : 0;
}

export function extremePolicy(extreme: Extreme, fields: PolicyFields): PolicyFields {
  if (extreme !== 'SUMS') return fields;
  return { ...fields, mode: 'OBSERVE', monthlyLimit: HUGE, maxConcurrent: 50, maxConcurrentPerAi: 50 };
}

/** A name of the most characters, each of which takes the most room in a store. */
export function extremeName(extreme: Extreme, name: string): string {
  return extreme === 'NAMES' ? name.padStart(128, '%') : name;
}

export function extremeRequest(extreme: Extreme, random: () => number) {
  if (extreme === 'NAMES') return { labels: LABELS };
  return extreme === 'SUMS' && random() < 0.6 ? { estimatedTokens: HUGE } : {};
}

const LABELS = Object.fromEntries(
  Array.from({ length: 8 }, (_, at) => [String(at).padStart(32, 'l'), '値'.repeat(21)] as const),
);

type Say = (holds: boolean, what: string) => void;

/** Every sum can be counted exactly, and still can when all that is reserved in it has been reported. */
export function checkSafe({ tables, slots, month }: Ledger, say: Say): void {
  const say1 = (sum: number, what: string) => say(Number.isSafeInteger(sum), `${what} is ${sum}`);
  say1(
    slots.reserved(() => true),
    'what is reserved',
  );
  say1(tables.monthSpent + slots.reserved(inMonth(month.key)), 'what is spent and reserved in the month');
  for (const [day, { total, presumed, late }] of tables.days.entries())
    for (const sum of [total + slots.reserved(inDay(day)), presumed, late]) say1(sum, `a sum of ${day}`);
}

/** The document that MongoDB would keep is no larger than it is taken for, in every part, and within its bound. */
export function checkMeasured({ tables }: Ledger, { head, sections }: StoredState, say: Say): void {
  const puts = SECTIONS.flatMap((section) =>
    Array.from(sections[section] as ReadonlyMap<string, never>, ([key, value]) => ({ section, key, value })),
  );
  const document: BSON.Document = newDocument('b', { head, resets: [], puts, drops: [] });
  for (const section of SECTIONS) {
    const bytes = BSON.calculateObjectSize(document[section]) - 5;
    say(
      bytes <= tables[section].bytes,
      `${section} takes ${bytes}, and is taken for ${tables[section].bytes}`,
    );
  }
  say(BSON.calculateObjectSize(document) <= tables.bytes, 'the document is larger than it is taken for');
  say(tables.bytes <= MAX_FULL_STATE_BYTES, `the state takes ${tables.bytes} bytes`);
}
