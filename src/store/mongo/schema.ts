import { isDeepStrictEqual } from 'node:util';
import { type Collection, type Db, MongoServerError } from 'mongodb';
import type { Log } from '../../platform/log.js';
import { type CollectionName, VALIDATORS } from './validators.js';

const NAMESPACE_EXISTS = 48;
const INDEX_NOT_FOUND = 27;
const NAMES = Object.keys(VALIDATORS) as CollectionName[];

/** Collections, validators and indexes, all before the first use: an index that is built under load can stall writers. */
export async function ensureSchema(db: Db, log: Log): Promise<void> {
  const complaints = new Set<string>();
  const existing = new Map(
    (await db.listCollections().toArray()).map((info) => [
      info.name,
      'options' in info ? info.options?.['validator'] : undefined,
    ]),
  );
  for (const name of NAMES) {
    if (!existing.has(name)) complaints.add(await createCollection(db, name));
    else if (!isDeepStrictEqual(existing.get(name), VALIDATORS[name])) {
      complaints.add(await changeValidator(db, name));
    }
  }
  complaints.delete('');
  if (complaints.size === 0 && (await ignoresValidators(db))) complaints.add('it ignores them');
  const [why] = complaints;
  if (why !== undefined) log.warn({ why }, 'MongoDB does not check documents against our schema validators');
  await ensureIndexes(db);
}

/** What the queries need, and no more: `due`, the retention of usage, and the tidying of receipts. */
async function ensureIndexes(db: Db): Promise<void> {
  await db.collection('budgets').createIndex({ wakeAt: 1 });
  await db.collection('usage').createIndex({ day: 1 });
  // No TTL: it removes by the server's clock alone, whatever that says. Earlier versions had one, in an index of another name.
  await db.collection('receipts').createIndex({ at: 1, _id: 1 });
  await dropTtl(db.collection('receipts'));
}

async function dropTtl(receipts: Collection): Promise<void> {
  for (const { name, expireAfterSeconds } of await receipts.indexes()) {
    if (expireAfterSeconds !== undefined && name !== undefined)
      await receipts.dropIndex(name).catch(ignoreAbsent);
  }
}

/** Another copy that starts at this moment has dropped it. */
function ignoreAbsent(error: unknown): void {
  if (!(error instanceof MongoServerError && error.code === INDEX_NOT_FOUND)) throw error;
}

/** Answers with the server's complaint about the validator, or with an empty text. */
async function createCollection(db: Db, name: CollectionName): Promise<string> {
  try {
    await db.createCollection(name, { validator: VALIDATORS[name] });
    return '';
  } catch (error) {
    if (!(error instanceof MongoServerError)) throw error;
    // Another copy that starts at this moment has made it.
    if (error.code === NAMESPACE_EXISTS) return '';
    await createPlain(db, name);
    return error.message;
  }
}

async function createPlain(db: Db, name: CollectionName): Promise<void> {
  try {
    await db.createCollection(name);
  } catch (error) {
    if (!(error instanceof MongoServerError && error.code === NAMESPACE_EXISTS)) throw error;
  }
}

async function changeValidator(db: Db, name: CollectionName): Promise<string> {
  try {
    await db.command({ collMod: name, validator: VALIDATORS[name] });
    return '';
  } catch (error) {
    if (error instanceof MongoServerError) return error.message;
    throw error;
  }
}

/** Some servers keep a validator and apply none: a document that breaks it tells. */
async function ignoresValidators(db: Db): Promise<boolean> {
  const probe = db.collection<{ _id: string }>('probe');
  try {
    await probe.insertOne({ _id: 'breaks-the-validator' });
  } catch (error) {
    // 121 if it applies them; a duplicate key if another copy asks at this moment, or died while it did.
    if (!(error instanceof MongoServerError)) throw error;
    if (error.code === 121) return false;
  }
  await probe.deleteOne({ _id: 'breaks-the-validator' });
  return true;
}
