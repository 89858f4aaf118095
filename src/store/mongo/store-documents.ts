import type { Collection } from 'mongodb';
import type { StoreMark } from '../store-mark.js';
import type { CopyDocument } from './presence.js';

/** The mark of the whole store; there is at most one document. */
export interface MarkDocument {
  readonly _id: 'mark';
  readonly mark: StoreMark;
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
