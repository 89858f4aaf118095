import type { Collection } from 'mongodb';
import type { TidyMark } from '../../domain/time/tidy-mark.js';
import type { StoreLabel, StoreMark } from '../store-mark.js';
import { isDuplicateKey } from './mongo-errors.js';
import type { CurrentRead, SteadyPrimary } from './steady-primary.js';

/** One replica that serves from this database. */
export interface ReplicaDocument {
  readonly _id: string;
  /** Rises while the replica lives. A count and no time: nobody's clock matters. */
  readonly beats: number;
}

/** The label of the whole store; there is at most one document. Those of earlier versions had the mark alone. */
export interface MarkDocument {
  readonly _id: 'mark';
  readonly mark?: StoreMark;
  readonly identity?: string;
  readonly revision?: number;
}

/** What tidying remembers; at most one document, beside the mark of the store. */
export interface TidyMarkDocument {
  readonly _id: 'tidying';
  readonly mark: TidyMark & { readonly kind: 'tidying' };
}

/** What is kept about the store as a whole. By functions, since the client in use may be replaced. */
export interface StoreDocuments {
  readonly copies: () => Collection<ReplicaDocument>;
  readonly marks: () => Collection<MarkDocument>;
  /** Ends every wait for the driver. */
  readonly use: <T>(work: () => Promise<T>) => Promise<T>;
  /** What a write that a majority acknowledged says of the primary; true where it changed something. */
  readonly confirmBy: SteadyPrimary['confirmBy'];
  /** As `use`, for a read that must see every acknowledged write. */
  readonly read: <T>(send: (how: CurrentRead) => Promise<T>) => Promise<T>;
}

/** Where no replica is to miss it, sent by `read`. */
export async function readMark(
  { marks }: StoreDocuments,
  how: CurrentRead = {},
): Promise<StoreMark | undefined> {
  return (await marks().findOne({ _id: 'mark' }, how))?.mark;
}

/** Likewise. */
export async function readLabel({ marks }: StoreDocuments, how: CurrentRead = {}): Promise<StoreLabel> {
  const { identity, mark, revision = 0 } = (await marks().findOne({ _id: 'mark' }, how)) ?? {};
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

/** Likewise: a budget is begun above the numbers in it. */
export async function readTidyMark(
  marks: Collection<TidyMarkDocument>,
  how: CurrentRead,
): Promise<TidyMark | undefined> {
  const document = await marks.findOne({ _id: 'tidying' }, how);
  if (document === null) return undefined;
  const { kind: _, ...mark } = document.mark;
  return mark;
}

export async function swapTidyMark(
  marks: Collection<TidyMarkDocument>,
  next: TidyMark,
): Promise<'won' | 'lost'> {
  const mark = { kind: 'tidying', ...next } as const;
  if (next.revision > 1) {
    const before = { _id: 'tidying', 'mark.revision': next.revision - 1 } as const;
    const { matchedCount } = await marks.updateOne(before, { $set: { mark } });
    return matchedCount === 1 ? 'won' : 'lost';
  }
  try {
    await marks.insertOne({ _id: 'tidying', mark });
    return 'won';
  } catch (error) {
    if (isDuplicateKey(error)) return 'lost';
    throw error;
  }
}
