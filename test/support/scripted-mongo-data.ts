import { isDeepStrictEqual } from 'node:util';
import type { Document } from 'mongodb';

interface Collection {
  options: Document;
  readonly documents: Map<string, Document>;
}

/** Of all databases together: each scripted MongoDB serves one test. */
export type Collections = Map<string, Collection>;

type Ordinary = (collections: Collections, command: Document) => Document;

/** As a MongoDB answers in good moments; only what this service sends is known. */
export function answerOrdinarily(collections: Collections, command: Document): Document {
  const ordinary = ORDINARY[Object.keys(command)[0] ?? ''];
  if (ordinary === undefined)
    return { ok: 0, code: 59, codeName: 'CommandNotFound', errmsg: 'no such command' };
  return { ok: 1, ...ordinary(collections, command) };
}

const ORDINARY: Readonly<Record<string, Ordinary>> = {
  ping: () => ({}),
  create: (all, { create, validator }) => {
    const made = { options: validator ? { validator } : {}, documents: new Map() };
    if (all.has(create)) return { ok: 0, code: 48, errmsg: 'it exists' };
    all.set(create, made);
    return {};
  },
  collMod: (all, { collMod, validator }) => {
    collection(all, collMod).options = { validator };
    return {};
  },
  createIndexes: () => ({}),
  listIndexes: () => cursor([{ v: 2, key: { _id: 1 }, name: '_id_' }]),
  listCollections: (all) =>
    cursor(Array.from(all, ([name, { options }]) => ({ name, type: 'collection', options }))),
  find: (all, { find, filter, limit }) => cursor(found(all, find, filter ?? {}).slice(0, limit || undefined)),
  aggregate: () => cursor([{ now: new Date() }]),
  serverStatus: () => ({ localTime: new Date() }),
  insert: (all, { insert, documents }) => {
    const { documents: stored } = collection(all, insert);
    const writeErrors: Document[] = [];
    for (const [index, document] of (documents as Document[]).entries()) {
      if (stored.has(keyOf(document)))
        writeErrors.push({ index, code: 11000, errmsg: 'E11000 duplicate key' });
      else stored.set(keyOf(document), document);
    }
    return { n: documents.length - writeErrors.length, ...(writeErrors.length > 0 && { writeErrors }) };
  },
  update: (all, { update, updates }) => {
    const matched = (updates as Document[]).map(({ q, u, upsert }) => changed(all, update, q, u, upsert));
    const n = matched.filter((one) => one !== undefined).length;
    return { n, nModified: n };
  },
  findAndModify: (all, { findAndModify, query, update }) => ({
    value: changed(all, findAndModify, query, update) ?? null,
  }),
  delete: (all, { delete: name, deletes }) => {
    const gone = (deletes as Document[]).flatMap(({ q }) => found(all, name, q));
    for (const document of gone) collection(all, name).documents.delete(keyOf(document));
    return { n: gone.length };
  },
};

function cursor(firstBatch: readonly Document[]): Document {
  return { cursor: { id: 0n, ns: 'test.c', firstBatch } };
}

function collection(all: Collections, name: string): Collection {
  const known = all.get(name) ?? { options: {}, documents: new Map() };
  all.set(name, known);
  return known;
}

function keyOf(document: Document): string {
  return String(document['_id']);
}

function found(all: Collections, name: string, filter: Document): Document[] {
  const documents = [...collection(all, name).documents.values()];
  return documents
    .filter((document) => Object.entries(filter).every(([field, wanted]) => fits(document[field], wanted)))
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

const OPERATORS: Readonly<Record<string, (value: never, wanted: never) => boolean>> = {
  $in: (value, wanted: readonly unknown[]) => wanted.includes(value),
  $lt: (value, wanted) => value < wanted,
  $lte: (value, wanted) => value <= wanted,
  $gt: (value, wanted) => value > wanted,
  $gte: (value, wanted) => value >= wanted,
};

function fits(value: unknown, wanted: unknown): boolean {
  if (typeof wanted !== 'object' || wanted === null || !Object.keys(wanted)[0]?.startsWith('$')) {
    return isDeepStrictEqual(value, wanted);
  }
  return Object.entries(wanted).every(([name, bound]) => OPERATORS[name]?.(value as never, bound as never));
}

/** The document before the change; undefined if none matched. */
function changed(
  all: Collections,
  name: string,
  filter: Document,
  update: Document,
  upsert = false,
): Document | undefined {
  const [before] = found(all, name, filter);
  if (before === undefined && !upsert) return undefined;
  const equals = Object.entries(filter).filter(([, wanted]) => typeof wanted !== 'object');
  const after = structuredClone(before ?? Object.fromEntries(equals));
  for (const [path, value] of Object.entries(update['$set'] ?? {})) place(after, path)(value);
  for (const path of Object.keys(update['$unset'] ?? {})) place(after, path)(undefined);
  for (const [path, by] of Object.entries(update['$inc'] ?? {}))
    after[path] = (after[path] ?? 0) + Number(by);
  collection(all, name).documents.set(keyOf(after), after);
  return before ?? {};
}

/** Sets a field at a dotted path; undefined removes it. */
function place(document: Document, path: string): (value: unknown) => void {
  const names = path.split('.');
  const last = names.pop() as string;
  const parent = names.reduce((within: Document, name) => {
    within[name] ??= {};
    return within[name];
  }, document);
  return (value) => {
    if (value === undefined) delete parent[last];
    else parent[last] = value;
  };
}
