import { MongoClient } from 'mongodb';
import type { Peer } from './peer.js';
import type { PeerOptions } from './peer-kinds.js';

/** One small document more per call, durable on a majority: the least that a shared counter costs on MongoDB. */
export async function findOneAndUpdatePeer({ keys, mongoUri, database }: PeerOptions): Promise<Peer> {
  const client = new MongoClient(mongoUri, { retryWrites: false, writeConcern: { w: 'majority' } });
  const counters = client.db(database).collection<{ _id: number; spent: number }>('counters');
  for (let key = 0; key < keys; key += 1) {
    await counters.updateOne({ _id: key }, { $setOnInsert: { spent: 0 } }, { upsert: true });
  }
  return {
    call: (caller) => counters.findOneAndUpdate({ _id: caller % keys }, { $inc: { spent: 180 } }),
    close: () => client.close(),
  };
}
