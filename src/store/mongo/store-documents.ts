import type { Collection } from 'mongodb';
import type { TidyMark } from '../../domain/tidy-mark.js';
import type { StoreMark } from '../store-mark.js';
import { isDuplicateKey } from './mongo-errors.js';
import type { CopyDocument } from './presence.js';

/** The mark of the whole store; there is at most one document. */
export interface MarkDocument {
  readonly _id: 'mark';
  readonly mark: StoreMark;
}

/** What tidying remembers; at most one document, beside the mark of the store. */
export interface TidyMarkDocument {
  readonly _id: 'tidying';
  readonly mark: TidyMark & { readonly kind: 'tidying' };
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

export async function setMark({ marks }: StoreDocuments, mark: StoreMark | undefined): Promise<void> {
  if (mark === undefined) {
    await marks().deleteOne({ _id: 'mark' });
    return;
  }
  const { matchedCount } = await marks().updateOne({ _id: 'mark' }, { $set: { mark } });
  if (matchedCount === 0) await marks().insertOne({ _id: 'mark', mark });
}

export async function readTidyMark(marks: Collection<TidyMarkDocument>): Promise<TidyMark | undefined> {
  const document = await marks.findOne({ _id: 'tidying' });
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
