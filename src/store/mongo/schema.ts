import { isDeepStrictEqual } from 'node:util';
import { type Collection, type Db, type Document, MongoServerError } from 'mongodb';
import { SECTIONS } from '../../domain/model/state.js';
import type { Log } from '../../platform/log.js';
import { WRITE_CONCERN } from './mongo-client.js';
import { isDuplicateKey, isRejected } from './mongo-errors.js';

const NAMESPACE_EXISTS = 48;
const BREAKS_THE_VALIDATOR = 'breaks-the-validator';
const INDEX_NOT_FOUND = 27;

/** Collections, validators and indexes, all before the first use: an index that is built under load can stall writers. */
export async function ensureSchema(db: Db, log: Log): Promise<void> {
  const why = await ensureValidators(db);
  if (why !== undefined) log.warn({ why }, 'MongoDB does not check documents against our schema validators');
  await ensureIndexes(db);
}

/** Answers with a complaint of the server; undefined where it has validators and applies them. */
async function ensureValidators(db: Db): Promise<string | undefined> {
  const complaints = new Set<string>();
  const before = await validatorsOf(db);
  const missing = NAMES.filter((name) => !before.has(name));
  for (const name of missing) complaints.add(await createCollection(db, name));
  // Some servers make a collection without the validator that came along, and take it afterwards.
  const validators = missing.length === 0 ? before : await validatorsOf(db);
  for (const name of NAMES) {
    const stored = validators.get(name);
    const stands = isDeepStrictEqual(stored, VALIDATORS[name]) || isOfNewerRelease(stored);
    if (!stands) complaints.add(await changeValidator(db, name));
  }
  complaints.delete('');
  const [why] = complaints;
  return why ?? ((await ignoresValidators(db)) ? 'it ignores them' : undefined);
}

async function validatorsOf(db: Db): Promise<Map<string, unknown>> {
  const infos = await db.listCollections().toArray();
  return new Map(
    infos.map((info) => [info.name, 'options' in info ? info.options?.['validator'] : undefined]),
  );
}

/** What the queries need, and no more: `due`, the retention of usage, the tidying of receipts; denials of late, and old ones. */
async function ensureIndexes(db: Db): Promise<void> {
  await db.collection('budgets').createIndex({ wakeAt: 1 });
  await db.collection('usage').createIndex({ day: 1 });
  await db.collection('denials').createIndex({ lastAt: 1 });
  await db.collection('denials').createIndex({ start: 1 });
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

/** Another replica that starts at this moment has dropped it. */
function ignoreAbsent(error: unknown): void {
  if (!(error instanceof MongoServerError && error.code === INDEX_NOT_FOUND)) throw error;
}

/** Answers with the server's complaint about the validator, or with an empty text. What passes is thrown, to be tried again:
 * it says nothing about validators. */
async function createCollection(db: Db, name: CollectionName): Promise<string> {
  try {
    await db.createCollection(name, { validator: VALIDATORS[name] });
    return '';
  } catch (error) {
    if (isThere(error)) return '';
    if (!isRejected(error)) throw error;
    await createPlain(db, name);
    return error.message;
  }
}

async function createPlain(db: Db, name: CollectionName): Promise<void> {
  try {
    await db.createCollection(name);
  } catch (error) {
    if (!isThere(error)) throw error;
  }
}

/** Another replica that starts at this moment has made it. */
function isThere(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === NAMESPACE_EXISTS;
}

async function changeValidator(db: Db, name: CollectionName): Promise<string> {
  try {
    await db.command({ collMod: name, validator: VALIDATORS[name], writeConcern: { ...WRITE_CONCERN } });
    return '';
  } catch (error) {
    if (isRejected(error)) return error.message;
    throw error;
  }
}

/** Some servers keep a validator and apply none: a document that breaks it tells. */
async function ignoresValidators(db: Db): Promise<boolean> {
  const probe = db.collection<{ _id: string }>('probe');
  try {
    await probe.insertOne({ _id: BREAKS_THE_VALIDATOR });
  } catch (error) {
    if (!isRejected(error)) throw error;
    // A duplicate key if another replica asks at this moment, or died while it did: so it was taken.
    if (!isDuplicateKey(error)) return false;
  }
  await probe.deleteOne({ _id: BREAKS_THE_VALIDATOR });
  return true;
}

const TEXT = { bsonType: 'string' };
const WHOLE = { bsonType: ['int', 'long', 'double'], multipleOf: 1 };
const AMOUNT = { ...WHOLE, minimum: 0 };
const DATE = { bsonType: 'date' };
const OBJECT = { bsonType: 'object' };

/**
 * Rises with every change of what stands below. A replica replaces validators of a lower version and never those
 * of a higher one: else an old replica that starts beside a new one would put back what refuses the new one's commits.
 */
const VERSION = 4;
const NAMED = 'validator of budget-arbiter, version ';

/** Fields that every release needs, and others that are checked where they are there. Unknown ones may be. */
function having(properties: Document, optional: Document = {}): Document {
  const required = Object.keys(properties);
  return { bsonType: 'object', required, properties: { ...properties, ...optional } };
}

/** Of the keywords of `$jsonSchema` only those that every server knows: FerretDB has no `additionalProperties`. */
function validator(properties: Document, optional: Document = {}): Document {
  return { $jsonSchema: { description: `${NAMED}${VERSION}`, ...having(properties, optional) } };
}

/** The version of a validator that this service has set; 0 for none, and for those of before there were versions. */
function validatorVersion(stored: unknown): number {
  const description = (stored as Document | undefined)?.['$jsonSchema']?.description;
  if (typeof description !== 'string' || !description.startsWith(NAMED)) return 0;
  return Number(description.slice(NAMED.length)) || 0;
}

function isOfNewerRelease(stored: unknown): boolean {
  return validatorVersion(stored) > VERSION;
}

/**
 * What the server checks of every document, against a hand that edits the database. It says nothing about what a newer
 * release adds, and nothing about a section that a document of an older one has not; nor does it look into the sections, whose
 * entries only this service knows.
 */
export const VALIDATORS = {
  budgets: validator(
    {
      _id: TEXT,
      format: { ...WHOLE, minimum: 1 },
      epoch: { ...WHOLE, minimum: 1 },
      revision: { ...WHOLE, minimum: 1 },
      fence: AMOUNT,
      clock: WHOLE,
      deleted: { bsonType: 'bool' },
      createdAt: WHOLE,
      zone: TEXT,
      month: having({ key: TEXT, start: WHOLE, end: WHOLE }),
      lastOpenedDay: TEXT,
      receiptsDroppedAt: AMOUNT,
    },
    {
      wakeAt: WHOLE,
      daysDroppedAt: AMOUNT,
      learnedFor: TEXT,
      changeCount: AMOUNT,
      closedDay: having({ day: TEXT, start: WHOLE, total: WHOLE }),
      ...Object.fromEntries(SECTIONS.map((section) => [section, OBJECT])),
    },
  ),
  usage: validator(
    {
      _id: TEXT,
      budget: TEXT,
      epoch: { ...WHOLE, minimum: 1 },
      day: { bsonType: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}$' },
      start: WHOLE,
      end: WHOLE,
      revision: { ...WHOLE, minimum: 1 },
      total: AMOUNT,
      presumed: AMOUNT,
      late: AMOUNT,
      hours: { bsonType: 'array', items: having({ start: WHOLE, tokens: AMOUNT }, { adjusted: WHOLE }) },
      ais: OBJECT,
      models: OBJECT,
    },
    {
      ...{ format: { ...WHOLE, minimum: 1 }, presumedBy: OBJECT, parts: OBJECT },
      ...{ zone: TEXT, unit: TEXT, refused: { bsonType: 'bool' } },
      ...{ topped: AMOUNT, toppedAis: OBJECT, toppedModels: OBJECT },
      ...{ calls: AMOUNT, failedCalls: AMOUNT, aiCalls: OBJECT, modelCalls: OBJECT, pairs: OBJECT },
    },
  ),
  receipts: validator({
    _id: TEXT,
    budget: TEXT,
    epoch: { ...WHOLE, minimum: 1 },
    at: DATE,
    revision: { ...WHOLE, minimum: 1 },
    body: having({ kind: TEXT }),
  }),
  denials: validator(
    {
      _id: TEXT,
      budget: TEXT,
      epoch: { ...WHOLE, minimum: 1 },
      start: WHOLE,
      end: WHOLE,
      writer: TEXT,
      revision: { ...WHOLE, minimum: 1 },
      denied: AMOUNT,
      wouldDeny: AMOUNT,
      lastAt: WHOLE,
      rules: { bsonType: 'array' },
    },
    { ais: OBJECT },
  ),
  changes: validator({
    _id: TEXT,
    budget: TEXT,
    number: { ...WHOLE, minimum: 1 },
    epoch: { ...WHOLE, minimum: 1 },
    revision: { ...WHOLE, minimum: 1 },
    at: WHOLE,
    body: having({ kind: TEXT }),
  }),
  copies: validator({ _id: TEXT, beats: AMOUNT }),
  marks: validator({ _id: TEXT }, { mark: having({ kind: TEXT }), identity: TEXT, revision: AMOUNT }),
  probe: validator({ _id: TEXT, version: AMOUNT }),
} as const satisfies Record<string, Document>;
const NAMES = Object.keys(VALIDATORS) as CollectionName[];

type CollectionName = keyof typeof VALIDATORS;
