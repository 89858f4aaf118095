import type { Collection, Db } from 'mongodb';
import type { StatePatch, StoredWriter } from '../../domain/model/state.js';
import { type StateVersion, StoreError } from '../store.js';
import { type BudgetDocument, sectionOf, updateOf } from './documents.js';
import type { Answer } from './gathering.js';
import { COMMIT_MS, READ_MS, WRITE_CONCERN } from './mongo-client.js';
import { messageOf, type StatementFailure, statementError } from './mongo-errors.js';
import type { CurrentRead } from './steady-primary.js';

/** A read that sees every acknowledged write. */
export type ReadCurrent = <T>(send: (how: CurrentRead) => Promise<T>) => Promise<T>;

/** One compare-and-swap of a budget's document. */
export interface Swap {
  readonly budgetId: string;
  readonly expected: StateVersion;
  readonly patch: StatePatch;
}

/** One that leaves a mark which tells later whether it was applied. */
export interface StampedSwap extends Swap {
  readonly stamp: { readonly copyId: string; readonly seq: number };
}

export type Outcome = 'won' | 'lost';

export function stampedSwap(swap: Swap): StampedSwap | undefined {
  for (const { section, key, value } of swap.patch.puts) {
    if (section === 'writers') return { ...swap, stamp: { copyId: key, seq: (value as StoredWriter).seq } };
  }
  return undefined;
}

/** What the server says of an `update` command. */
interface UpdateReply {
  /** How many documents matched their filters. */
  readonly n: number;
  readonly writeErrors?: readonly (StatementFailure & { readonly index: number })[];
}

/** One findOneAndUpdate. */
export async function swapOne(db: Db, swap: Swap): Promise<Outcome> {
  const options = { projection: { _id: 1, revision: 1 } as const, maxTimeMS: COMMIT_MS };
  const found = await budgetsOf(db).findOneAndUpdate(filterOf(swap), updateOf(swap.patch), options);
  return found === null ? 'lost' : 'won';
}

/** One message for swaps of different budgets. The server takes each by itself, whatever becomes of the others. Of an answer
 * with a write-concern error the driver makes an error, which leaves all of them open. */
export async function swapMany(
  db: Db,
  swaps: readonly StampedSwap[],
  current: ReadCurrent,
): Promise<Answer<Outcome>[]> {
  const sent = inOneOrder(swaps);
  const reply = (await db.command({
    update: 'budgets',
    updates: sent.map((swap) => ({ q: filterOf(swap), u: updateOf(swap.patch) })),
    ordered: false,
    // A command that is sent as it is takes nothing from the database's options.
    writeConcern: { ...WRITE_CONCERN },
    maxTimeMS: COMMIT_MS,
  })) as unknown as UpdateReply;
  const { n, writeErrors = [] } = reply;
  const failures = new Map(writeErrors.map((failure) => [sent[failure.index], failure]));
  const won = n + failures.size === swaps.length ? undefined : await winnersOf(db, swaps, current);
  return swaps.map((swap) => {
    const failure = failures.get(swap);
    if (failure) return statementError(failure);
    return won === undefined || won.has(swap) ? 'won' : 'lost';
  });
}

/** The same for all replicas: where a message is one transaction (FerretDB, DocumentDB), two orders deadlock. */
function inOneOrder(swaps: readonly StampedSwap[]): StampedSwap[] {
  return [...swaps].sort((a, b) => (a.budgetId < b.budgetId ? -1 : 1));
}

/** The server says how many matched, not which: they left their stamps. Without that look, any of them may have won. An older
 * state than theirs shows no stamp either, so that the look must be current. */
async function winnersOf(
  db: Db,
  swaps: readonly StampedSwap[],
  current: ReadCurrent,
): Promise<ReadonlySet<StampedSwap>> {
  const options = { projection: { writers: 1 } as const, maxTimeMS: READ_MS, batchSize: swaps.length + 1 };
  const $in = swaps.map(({ budgetId }) => budgetId);
  const look = (how: CurrentRead) =>
    budgetsOf(db)
      .find({ _id: { $in } }, { ...options, ...how })
      .toArray();
  const found = await current(look).catch((cause: unknown) => {
    const reason = cause instanceof StoreError ? cause.message : `MongoDB: ${messageOf(cause)}`;
    throw new StoreError('unknown', reason, { cause });
  });
  const writers = new Map(found.map((document) => [document._id, sectionOf(document, 'writers')]));
  return new Set(
    swaps.filter(({ budgetId, stamp }) => writers.get(budgetId)?.get(stamp.copyId)?.seq === stamp.seq),
  );
}

function budgetsOf(db: Db): Collection<BudgetDocument> {
  return db.collection('budgets');
}

function filterOf({ budgetId, expected: { epoch, revision } }: Swap) {
  return { _id: budgetId, epoch, revision };
}
