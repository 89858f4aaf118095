import { type AnyBulkWriteOperation, type Collection, MongoBulkWriteError } from 'mongodb';
import { StoreError } from '../store.js';
import { DUPLICATE_KEY, messageOf, statementError, writeError } from './mongo-errors.js';

/** A document that is always written whole, and only over a lower revision. */
export interface Fenced {
  readonly _id: string;
  readonly budget: string;
  readonly revision: number;
}

/** Keeps one message far below the server's bound of 48 MB. */
const MAX_WRITES = 1_000;

/** Documents that are mostly new are inserted: that costs the server a fifth of an upsert. */
export type Mostly = 'new' | 'known';

/**
 * Sets each document where the stored revision is lower or there is none: any order, any repetition and any crash give the
 * same documents. A duplicate key means that the document is there already, or that a racer has just inserted it: the others
 * are set where the stored revision is lower, and where nothing matches then, it is applied already.
 */
export async function writeNewer<D extends Fenced>(
  collection: Collection<D>,
  documents: readonly D[],
  mostly: Mostly,
): Promise<void> {
  const ordered = newestById(documents);
  for (let from = 0; from < ordered.length; from += MAX_WRITES) {
    const some = ordered.slice(from, from + MAX_WRITES);
    const duplicates = await write(collection, some, mostly === 'new' ? insertOf : upsertOf);
    if (duplicates.length > 0) await write(collection, duplicates, updateOf);
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
async function write<D extends Fenced>(
  collection: Collection<D>,
  documents: readonly D[],
  writeOf: (document: D) => AnyBulkWriteOperation<Fenced>,
): Promise<D[]> {
  try {
    const writes = documents.map(writeOf) as unknown as AnyBulkWriteOperation<D>[];
    await collection.bulkWrite(writes, { ordered: false });
    return [];
  } catch (error) {
    return duplicatesOf(error, documents);
  }
}

function insertOf(document: Fenced): AnyBulkWriteOperation<Fenced> {
  return { insertOne: { document } };
}

/** The filter names the budget for sharding, and since an upsert filtered by `_id` alone may overwrite on some servers. */
function updateOf({ _id, budget, ...fields }: Fenced) {
  return {
    updateOne: { filter: { _id, budget, revision: { $lt: fields.revision } }, update: { $set: fields } },
  };
}

function upsertOf(document: Fenced): AnyBulkWriteOperation<Fenced> {
  return { updateOne: { ...updateOf(document).updateOne, upsert: true } };
}

function duplicatesOf<D>(error: unknown, documents: readonly D[]): D[] {
  if (!(error instanceof MongoBulkWriteError)) throw writeError(error);
  const failures = [error.writeErrors].flat();
  if (error.result.getWriteConcernError()) {
    throw new StoreError('unknown', `MongoDB: ${messageOf(error)}`, { cause: error });
  }
  if (failures.length === 0) throw asRefusal(writeError(error));
  const other = failures.find(({ code }) => code !== DUPLICATE_KEY);
  if (other) throw statementError(other, error);
  return failures.flatMap(({ index }) => documents[index] ?? []);
}

/** Nobody needs to look what became of documents: they can be written again. */
function asRefusal(error: StoreError): StoreError {
  return error.likelyRefused ? new StoreError('refused', error.message, { cause: error }) : error;
}
