import { type Db, MongoClient } from 'mongodb';
import type { Place } from './places.js';

export interface UsageDocument {
  readonly _id: string;
  readonly day: string;
  readonly revision: number;
  readonly total: number;
  readonly presumed: number;
  readonly late: number;
  readonly hours: readonly { readonly tokens: number }[];
  readonly ais: Readonly<Record<string, number>>;
  readonly models: Readonly<Record<string, number>>;
  readonly calls?: number;
  readonly failedCalls?: number;
}

/** The documents of a budget, read past the service. */
export async function usageDocuments(place: Place, budgetId: string): Promise<UsageDocument[]> {
  return withDatabase(place, (db) =>
    db
      .collection<UsageDocument & { budget: string }>('usage')
      .find({ budget: budgetId })
      .sort({ _id: 1 })
      .toArray(),
  );
}

export async function withDatabase<T>({ mongo }: Place, use: (db: Db) => Promise<T>): Promise<T> {
  if (mongo === undefined) throw new Error('this place is not on MongoDB');
  const client = new MongoClient(mongo.uri);
  try {
    return await use(client.db(mongo.database));
  } finally {
    await client.close();
  }
}

/** Names as callers know them: in a document they stand behind `_`, escaped as in a URL. */
export function byName(fields: Readonly<Record<string, number>>): Map<string, number> {
  return new Map(
    Object.entries(fields).map(([field, tokens]) => [decodeURIComponent(field.slice(1)), tokens]),
  );
}

export function total(numbers: Iterable<number>): number {
  let sum = 0;
  for (const number of numbers) sum += number;
  return sum;
}
