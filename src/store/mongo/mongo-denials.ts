import { type AnyBulkWriteOperation, type Collection, type Filter, MongoBulkWriteError } from 'mongodb';
import type { AiDenials } from '../../domain/denials/denials.js';
import { DAY_MS } from '../../domain/denials/denials.js';
import {
  DAY_WRITER,
  type DenialDay,
  type DenialHead,
  type DenialRecord,
  type DenialWrite,
  dayOf,
} from '../../domain/denials/records.js';
import type { DenialPosition } from '../denial-store.js';
import { fieldName, keyOf } from './documents.js';
import { READ_MS } from './mongo-client.js';
import { DUPLICATE_KEY, isDuplicateKey, statementError } from './mongo-errors.js';
import type { CurrentRead } from './steady-primary.js';

/** What was refused in an hour or in a day, with a field for each AI. `_id` carries the budget, as that of usage does. */
export interface DenialDocument extends Omit<DenialHead, 'budgetId'> {
  readonly _id: string;
  readonly budget: string;
  /** Absent while none was written. */
  readonly ais?: Readonly<Record<string, AiDenials>>;
}

type Denials = Collection<DenialDocument>;

/** Keeps one message far below the server's bound of 48 MB: a document has half a megabyte at the most. */
const MAX_WRITES = 50;

/** 16 digits keep the order of numbers; no budget id has a colon. */
function documentId(budgetId: string, { epoch, start, writer }: DenialPosition): string {
  return `${startId(budgetId, epoch, start)}:${writer}`;
}

function startId(budgetId: string, epoch: number, start: number): string {
  return `${budgetId}:${epoch}:${String(Math.max(0, start)).padStart(16, '0')}`;
}

function recordOf({ _id: _, budget, ais = {}, ...head }: DenialDocument): DenialRecord {
  const byName = Object.entries(ais).map(([field, ai]) => [keyOf(field), ai] as const);
  return { budgetId: budget, ...head, ais: new Map(byName) };
}

/** A duplicate key means that this revision, or a newer one, is there: the filter matched none of a lower one. */
export async function writeDenials(denials: Denials, writes: readonly DenialWrite[]): Promise<void> {
  for (let from = 0; from < writes.length; from += MAX_WRITES) {
    const some = writes.slice(from, from + MAX_WRITES).map(upsertOf);
    try {
      await denials.bulkWrite(some, { ordered: false });
    } catch (error) {
      refuseAllBut(DUPLICATE_KEY, error);
    }
  }
}

function refuseAllBut(code: number, error: unknown): void {
  if (!(error instanceof MongoBulkWriteError)) throw error;
  const failures = [error.writeErrors].flat();
  if (failures.length === 0 || error.result.getWriteConcernError()) throw error;
  const other = failures.find((failure) => failure.code !== code);
  if (other) throw statementError(other, error);
}

function upsertOf({ head, ais, gone }: DenialWrite): AnyBulkWriteOperation<DenialDocument> {
  const { budgetId: budget, ...fields } = head;
  const $set: Record<string, unknown> = { ...fields };
  for (const [aiId, ai] of ais) $set[`ais.${fieldName(aiId)}`] = ai;
  const $unset = Object.fromEntries(gone.map((aiId) => [`ais.${fieldName(aiId)}`, '']));
  const filter = { _id: documentId(budget, head), budget, revision: { $lt: head.revision } };
  const update = { $set, ...(gone.length > 0 && { $unset }) };
  return { updateOne: { filter, update, upsert: true } } as unknown as AnyBulkWriteOperation<DenialDocument>;
}

export async function readDenials(
  denials: Denials,
  { budgetId, epoch }: Pick<DenialDay, 'budgetId' | 'epoch'>,
  from: number,
  to: number,
): Promise<DenialRecord[]> {
  const _id = { $gte: startId(budgetId, epoch, from), $lt: startId(budgetId, epoch, to) };
  const found = await denials.find({ _id, budget: budgetId }, { maxTimeMS: READ_MS }).toArray();
  return found.map(recordOf);
}

/** Those after `after`, in the order of their ids. */
export async function listDenials(
  denials: Denials,
  budgetId: string,
  after: DenialPosition | undefined,
  limit: number,
  how: CurrentRead,
): Promise<DenialRecord[]> {
  const $gt = after === undefined ? `${budgetId}:` : documentId(budgetId, after);
  // The sign after the colon ends what begins with the id and a colon.
  const filter = { _id: { $gt, $lt: `${budgetId};` }, budget: budgetId };
  const options = { maxTimeMS: READ_MS, limit, batchSize: limit + 1, ...how };
  return (await denials.find(filter, options).sort({ _id: 1 }).toArray()).map(recordOf);
}

export async function recentDenials(denials: Denials, since: number, limit: number): Promise<DenialHead[]> {
  const options = { projection: { ais: 0 }, maxTimeMS: READ_MS, limit, batchSize: limit + 1 } as const;
  const filter = { lastAt: { $gte: since }, writer: { $ne: DAY_WRITER } };
  const found = await denials.find(filter, options).toArray();
  return found.map((document) => {
    const { ais: _, ...head } = recordOf(document);
    return head;
  });
}

/** A day may be met again and again by its hours: more of them are looked at than days are told. */
const HOURS_OF_A_DAY = 24;

export async function unfoldedDenials(denials: Denials, before: number, limit: number): Promise<DenialDay[]> {
  const most = limit * HOURS_OF_A_DAY;
  const projection = { budget: 1, epoch: 1, start: 1 };
  const options = { projection, maxTimeMS: READ_MS, limit: most, batchSize: most + 1 } as const;
  const filter: Filter<DenialDocument> = { start: { $lt: dayOf(before) }, writer: { $ne: DAY_WRITER } };
  const days = new Map<string, DenialDay>();
  for (const { budget: budgetId, epoch, start: at } of await denials.find(filter, options).toArray()) {
    const start = dayOf(at);
    days.set(`${budgetId}:${epoch}:${start}`, { budgetId, epoch, start });
  }
  return [...days.values()].slice(0, limit);
}

export async function foldDenials(denials: Denials, { ais, ...head }: DenialRecord): Promise<void> {
  const { budgetId, epoch, start } = head;
  const { budgetId: budget, ...fields } = head;
  const named = Object.fromEntries(Array.from(ais, ([aiId, ai]) => [fieldName(aiId), ai]));
  try {
    await denials.insertOne({ _id: documentId(budgetId, head), budget, ...fields, ais: named });
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
  }
  const _id = { $gte: startId(budgetId, epoch, start), $lt: startId(budgetId, epoch, start + DAY_MS) };
  await denials.deleteMany({ _id, budget: budgetId, writer: { $ne: DAY_WRITER } });
}
