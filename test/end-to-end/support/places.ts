import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { describeMongo, temporaryDatabase } from '../../support/mongo.js';

/** A store that outlives the service, and how many copies of the service share it. */
export interface Place {
  readonly copies: number;
  readonly env: Readonly<Record<string, string>>;
  /** Set on MongoDB only. */
  readonly mongo?: { readonly uri: string; readonly database: string };
}

/** The suite on the embedded store, and with two copies of the service on MongoDB. */
export function describeOnEveryStore(name: string, suite: (place: Place) => void): void {
  describe(`${name}, on the embedded store`, () => suite(embeddedPlace()));
  describeMongo(`${name}, through two copies on MongoDB`, (uri) => suite(mongoPlace(uri)));
}

/** Only known once the suite has begun: to be read in its hooks and tests. */
export function embeddedPlace(): Place {
  const env: Record<string, string> = {};
  beforeAll(async () => {
    env['DATA_DIR'] = await mkdtemp(path.join(tmpdir(), 'arbiter-end-to-end-'));
  });
  afterAll(async () => {
    await rm(env['DATA_DIR'] ?? '', { recursive: true, force: true });
  });
  return { copies: 1, env };
}

export function mongoPlace(uri: string): Place {
  const database = temporaryDatabase(uri);
  const env = { MONGODB_URI: uri, MONGODB_DATABASE: database };
  return { copies: 2, env, mongo: { uri, database } };
}
