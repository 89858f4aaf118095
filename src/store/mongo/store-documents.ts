import type { Collection } from 'mongodb';
import type { StoreMark } from '../store-mark.js';
import type { CopyDocument } from './presence.js';
import type { CurrentRead, SteadyPrimary } from './steady-primary.js';

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
  /** What a write that a majority acknowledged says of the primary; true where it changed something. */
  readonly confirmBy: SteadyPrimary['confirmBy'];
  /** As `use`, for a read that must see every acknowledged write. */
  readonly read: <T>(send: (how: CurrentRead) => Promise<T>) => Promise<T>;
}

/** Where no copy of the service is to miss it, sent by `read`. */
export async function readMark(
  { marks }: StoreDocuments,
  how: CurrentRead = {},
): Promise<StoreMark | undefined> {
  return (await marks().findOne({ _id: 'mark' }, how))?.mark;
}

export async function setMark({ marks }: StoreDocuments, mark: StoreMark | undefined): Promise<void> {
  if (mark === undefined) {
    await marks().deleteOne({ _id: 'mark' });
    return;
  }
  const { matchedCount } = await marks().updateOne({ _id: 'mark' }, { $set: { mark } });
  if (matchedCount === 0) await marks().insertOne({ _id: 'mark', mark });
}
