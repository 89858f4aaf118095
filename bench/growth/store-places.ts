import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { MongoClient } from 'mongodb';
import { runCommand } from '../drive/run-command.js';
import type { StorePlace } from './inside.js';

export type StoreKind = 'lmdb' | 'mongo';
export const STORE_NAMES = { lmdb: 'embedded', mongo: 'MongoDB' } as const;

let made = 0;

/** Runs with a store of its own, which is removed afterwards. */
export async function withStore<T>(
  mongoUri: string | undefined,
  work: (place: StorePlace) => Promise<T>,
): Promise<T> {
  if (mongoUri === undefined) {
    const dataDir = await mkdtemp(path.join(tmpdir(), 'bench-growth-'));
    return work({ dataDir }).finally(() => rm(dataDir, { recursive: true, force: true }));
  }
  made += 1;
  const database = `budget_bench_${process.pid}_growth_${made}`;
  return work({ uri: mongoUri, database }).finally(async () => {
    const client = new MongoClient(mongoUri);
    await client.db(database).dropDatabase();
    await client.close();
  });
}

/** The settings of a service on that store. */
export function settingsFor(place: StorePlace): Record<string, string> {
  return 'dataDir' in place
    ? { DATA_DIR: place.dataDir }
    : { MONGODB_URI: place.uri, MONGODB_DATABASE: place.database };
}

/** Runs one of the programs of this folder. Returns what it printed. */
export function runProgram(name: string, ...args: readonly string[]): Promise<string> {
  const file = fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
  return runCommand(process.execPath, ['--import', 'tsx', file, ...args]);
}
