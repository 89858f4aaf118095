import type { Collection } from 'mongodb';
import type { StoreLabel, StoreMark } from '../store-mark.js';
import { isDuplicateKey } from './mongo-errors.js';
import type { CopyDocument } from './presence.js';

/** The label of the whole store; there is at most one document. Those of earlier versions had the mark alone. */
export interface MarkDocument {
  readonly _id: 'mark';
  readonly mark?: StoreMark;
  readonly identity?: string;
  readonly revision?: number;
}

/** What is kept about the store as a whole. By functions, since the client in use may be replaced. */
export interface StoreDocuments {
  readonly copies: () => Collection<CopyDocument>;
  readonly marks: () => Collection<MarkDocument>;
  /** Ends every wait for the driver. */
  readonly use: <T>(work: () => Promise<T>) => Promise<T>;
}

export async function readMark({ marks }: StoreDocuments): Promise<StoreMark | undefined> {
  return (await marks().findOne({ _id: 'mark' }))?.mark;
}

export async function readLabel({ marks }: StoreDocuments): Promise<StoreLabel> {
  const { identity, mark, revision = 0 } = (await marks().findOne({ _id: 'mark' })) ?? {};
  return { revision, ...(identity !== undefined && { identity }), ...(mark && { mark }) };
}

export async function replaceLabel(
  { marks }: StoreDocuments,
  before: StoreLabel,
  label: StoreLabel,
): Promise<boolean> {
  const { revision, identity, mark } = label;
  const fields = { revision, ...(identity !== undefined && { identity }) };
  const change = mark ? { $set: { ...fields, mark } } : { $set: fields, $unset: { mark: '' as const } };
  const isFirst = before.revision === 0;
  const known = isFirst ? { $exists: false } : before.revision;
  const same = { revision: known, identity: before.identity ?? { $exists: false } };
  const found = await marks().findOneAndUpdate({ _id: 'mark', ...same }, change);
  if (found !== null || !isFirst) return found !== null;
  try {
    await marks().insertOne({ _id: 'mark', ...fields, ...(mark && { mark }) });
    return true;
  } catch (error) {
    if (isDuplicateKey(error)) return false;
    throw error;
  }
}
