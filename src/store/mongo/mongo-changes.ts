import type { Collection } from 'mongodb';
import { KEPT_CHANGES, type StoredChange } from '../../domain/model/changes.js';
import { READ_MS } from './mongo-client.js';
import type { CurrentRead } from './steady-primary.js';

/** One record. `_id` carries the budget, so that it is unique however the collection is sharded. */
export interface ChangeDocument extends StoredChange {
  readonly _id: string;
  readonly budget: string;
}

/** No budget id has a colon, and 16 digits keep the order of numbers. */
function changeDocumentId(budgetId: string, number: number): string {
  return `${budgetId}:${String(Math.min(number, Number.MAX_SAFE_INTEGER)).padStart(16, '0')}`;
}

export function changeDocument(budgetId: string, change: StoredChange): ChangeDocument {
  return { _id: changeDocumentId(budgetId, change.number), budget: budgetId, ...change };
}

/** The newest first. */
export async function readChanges(
  changes: Collection<ChangeDocument>,
  { budgetId, below, limit }: { readonly budgetId: string; readonly below: number; readonly limit: number },
  how: CurrentRead,
): Promise<StoredChange[]> {
  const filter = { _id: { $gt: `${budgetId}:`, $lt: changeDocumentId(budgetId, below) }, budget: budgetId };
  const options = { maxTimeMS: READ_MS, limit, batchSize: limit + 1, ...how };
  const found = await changes.find(filter, options).sort({ _id: -1 }).toArray();
  return found.map(({ _id, budget, ...change }) => change);
}

/** What is beyond the newest. */
export async function trimChanges(
  changes: Collection<ChangeDocument>,
  budgetId: string,
  written: readonly StoredChange[],
): Promise<void> {
  const upTo = Math.max(...written.map(({ number }) => number)) - KEPT_CHANGES;
  if (upTo < 1) return;
  const _id = { $gt: `${budgetId}:`, $lt: changeDocumentId(budgetId, upTo + 1) };
  await changes.deleteMany({ _id, budget: budgetId });
}

/** Of a budget that is forgotten: nothing of a later life of its id. */
export async function forgetChanges(
  changes: Collection<ChangeDocument>,
  budgetId: string,
  revision: number,
): Promise<void> {
  const _id = { $gt: `${budgetId}:`, $lt: `${budgetId};` };
  await changes.deleteMany({ _id, budget: budgetId, revision: { $lte: revision } });
}
