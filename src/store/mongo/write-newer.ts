import { type AnyBulkWriteOperation, type Collection, MongoBulkWriteError } from 'mongodb';
import { StoreError } from '../store.js';
import { DUPLICATE_KEY, failureOfCode, messageOf, writeError } from './mongo-errors.js';

/** A document that is always written whole, and only over a lower revision. */
export interface Fenced {
  readonly _id: string;
  readonly budget: string;
  readonly revision: number;
}

/** Keeps one message far below the server's bound of 48 MB. */
const MAX_WRITES = 1_000;

/**
 * Sets each document where the stored revision is lower or there is none: any order, any repetition and any crash give the
 * same documents. A duplicate key means that the document is there already, with a revision that is not lower, or that a
 * racer has just inserted it: once more without upsert tells which, and where nothing matches then, it is applied already.
 */
export async function writeNewer<D extends Fenced>(
  collection: Collection<D>,
  documents: readonly D[],
): Promise<void> {
  const ordered = newestById(documents);
  for (let from = 0; from < ordered.length; from += MAX_WRITES) {
    const duplicates = await upsert(collection, ordered.slice(from, from + MAX_WRITES), true);
    if (duplicates.length > 0) await upsert(collection, duplicates, false);
  }
}

/** In one order for all writers: where a bulk is one transaction (FerretDB, DocumentDB), two orders deadlock. */
function newestById<D extends Fenced>(documents: readonly D[]): D[] {
  const newest = new Map<string, D>();
  for (const document of documents) {
    const other = newest.get(document._id);
    if (!other || other.revision < document.revision) newest.set(document._id, document);
  }
  return [...newest.values()].sort((a, b) => (a._id < b._id ? -1 : 1));
}

/** Answers with the documents that met a duplicate key. */
async function upsert<D extends Fenced>(
  collection: Collection<D>,
  documents: readonly D[],
  insert: boolean,
): Promise<D[]> {
  try {
    await collection.bulkWrite(
      documents.map((document) => writeOf(document, insert)),
      { ordered: false },
    );
    return [];
  } catch (error) {
    return duplicatesOf(error, documents);
  }
}

/** The filter names the budget for sharding, and since an upsert filtered by `_id` alone may overwrite on some servers. */
function writeOf<D extends Fenced>(document: D, insert: boolean): AnyBulkWriteOperation<D> {
  const { _id, budget, ...fields } = document;
  return {
    updateOne: {
      filter: { _id, budget, revision: { $lt: document.revision } },
      update: { $set: fields },
      upsert: insert,
    },
  } as unknown as AnyBulkWriteOperation<D>;
}

function duplicatesOf<D>(error: unknown, documents: readonly D[]): D[] {
  if (!(error instanceof MongoBulkWriteError)) throw writeError(error);
  const failures = [error.writeErrors].flat();
  if (error.result.getWriteConcernError() || failures.length === 0) {
    throw new StoreError('unknown', `MongoDB: ${messageOf(error)}`, { cause: error });
  }
  const other = failures.find(({ code }) => code !== DUPLICATE_KEY);
  if (other) throw new StoreError(failureOfCode(other.code), `MongoDB: ${other.errmsg}`, { cause: error });
  return failures.flatMap(({ index }) => documents[index] ?? []);
}
