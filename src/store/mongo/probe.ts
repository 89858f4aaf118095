import { randomUUID } from 'node:crypto';
import { type Collection, MongoServerError } from 'mongodb';
import { StoreStartError } from '../store.js';
import { READ_MS } from './mongo-client.js';
import { isPassing, isUserRefused, messageOf } from './mongo-errors.js';
import type { SteadyPrimary } from './steady-primary.js';

/** Of two racers that compare and swap the same version at once: which were told that they won. */
export type Race = (version: number) => Promise<readonly [boolean, boolean]>;

/** A server whose findAndModify reads and writes in two steps (FerretDB 1.x) is found out in the first rounds. */
const ROUNDS = 20;

/**
 * Everything that this service promises rests on one atomic compare-and-swap. A server where two racers can both win would
 * grant slots twice and lose usage, silently: better not to serve at all.
 */
export async function probeCompareAndSwap(race: Race): Promise<void> {
  for (let version = 1; version <= ROUNDS; version += 1) {
    const winners = (await race(version)).filter(Boolean).length;
    if (winners !== 1) {
      throw new StoreStartError(
        `This MongoDB server's findAndModify is not atomic: of 2 racers in round ${version}, ${winners} won. ` +
          'Budgets would be overspent on it. Use MongoDB 4.4.2 or newer, or FerretDB 2 or newer.',
      );
    }
  }
}

export interface ProbeDocument {
  readonly _id: string;
  readonly version: number;
}

/** Runs the probe on a document of its own, so that replicas that start at once do not meet. */
export async function probeServer(collection: Collection<ProbeDocument>): Promise<void> {
  const _id = randomUUID();
  const swap = async (version: number) => {
    const update = { $set: { version: version + 1 } };
    const swapped = await collection.findOneAndUpdate({ _id, version }, update, { projection: { _id: 1 } });
    return swapped !== null;
  };
  await collection.insertOne({ _id, version: 1 });
  try {
    // The driver gives each command under way a connection of its own: this opens both before they race.
    await Promise.all([collection.findOne({ _id }), collection.findOne({ _id })]);
    await probeCompareAndSwap((version) => Promise.all([swap(version), swap(version)]));
  } finally {
    await collection.deleteOne({ _id });
  }
}

/** Whether the server can confirm what it reads: without that, old states could not be told from new ones after an election. */
export async function probeConfirmedRead(
  primary: SteadyPrimary,
  collection: Collection<ProbeDocument>,
): Promise<void> {
  try {
    await primary.read((how) => collection.findOne({ _id: randomUUID() }, { maxTimeMS: READ_MS, ...how }));
  } catch (error) {
    if (!(error instanceof MongoServerError) || isPassing(error) || isUserRefused(error)) throw error;
    throw new StoreStartError(
      `This MongoDB server refuses the read concern linearizable (${messageOf(error)}). ` +
        'After an election old answers could be given on it. Use MongoDB 4.4 or newer, or FerretDB 2 or newer.',
    );
  }
}
