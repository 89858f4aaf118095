import { MongoClient } from 'mongodb';
import { RateLimiterMongo } from 'rate-limiter-flexible';
import type { Peer } from './peer.js';
import type { PeerOptions } from './peer-kinds.js';

const DAY_SECONDS = 86_400;
const INDEX_MS = 2_000;

/** What many use today: one key per budget, so many tokens a day. */
export async function rateLimiterPeer({ keys, mongoUri, database }: PeerOptions): Promise<Peer> {
  const client = new MongoClient(mongoUri, { retryWrites: false, writeConcern: { w: 'majority' } });
  await client.connect();
  const limiter = new RateLimiterMongo({
    storeClient: client,
    dbName: database,
    tableName: 'limiter',
    points: 1_000_000_000_000,
    duration: DAY_SECONDS,
  });
  // It makes its indexes in the background, and says nobody when they stand.
  await new Promise((resolve) => setTimeout(resolve, INDEX_MS));
  // Each key alone: upserts of a new key at once deadlock on its unique index on some engines.
  for (let key = 0; key < keys; key += 1) await warm(limiter, `budget-${key}`);
  return {
    call: (caller) => limiter.consume(`budget-${caller % keys}`, 180),
    close: () => client.close(),
  };
}

async function warm(limiter: RateLimiterMongo, key: string, tries = 10): Promise<void> {
  try {
    await limiter.consume(key, 1);
  } catch (error) {
    if (tries === 1) throw error;
    await warm(limiter, key, tries - 1);
  }
}
