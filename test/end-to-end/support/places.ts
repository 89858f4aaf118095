import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { describeMongo, mongoAlone, temporaryDatabase } from '../../support/mongo.js';

/** A store that outlives the service, and how many copies of the service share it. */
export interface Place {
  readonly copies: number;
  readonly env: Readonly<Record<string, string>>;
  /** Set on MongoDB only. */
  readonly mongo?: { readonly uri: string; readonly database: string };
}

/** The suite on the embedded store, and on MongoDB with so many copies of the service. */
export function describeOnEveryStore(name: string, suite: (place: Place) => void, mongoCopies = 2): void {
  if (!mongoAlone) describe(`${name}, on the embedded store`, () => suite(embeddedPlace()));
  const through = mongoCopies === 1 ? 'one copy' : `${mongoCopies} copies`;
  describeMongo(`${name}, through ${through} on MongoDB`, (uri) => suite(mongoPlace(uri, mongoCopies)));
}

/** Its folder is only known once the suite has begun: it is for hooks and tests. */
function embeddedPlace(): Place {
  const env: Record<string, string> = {};
  beforeAll(async () => {
    env['DATA_DIR'] = await mkdtemp(path.join(tmpdir(), 'arbiter-end-to-end-'));
  });
  afterAll(async () => {
    await rm(env['DATA_DIR'] ?? '', { recursive: true, force: true });
  });
  return { copies: 1, env };
}

function mongoPlace(uri: string, copies: number): Place {
  const database = temporaryDatabase(uri);
  const env = { MONGODB_URI: uri, MONGODB_DATABASE: database };
  return { copies, env, mongo: { uri, database } };
}
