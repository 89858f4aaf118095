import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { describeMongo, mongoAlone, temporaryDatabase } from '../../support/mongo.js';

/** A store that outlives the service, and how many replicas share it. */
export interface Place {
  readonly replicas: number;
  readonly env: Readonly<Record<string, string>>;
  /** Set on MongoDB only. */
  readonly mongo?: { readonly uri: string; readonly database: string };
}

/** The suite on the embedded store, and on MongoDB with so many replicas. */
export function describeOnEveryStore(name: string, suite: (place: Place) => void, mongoReplicas = 2): void {
  if (!mongoAlone) describe(`${name}, on the embedded store`, () => suite(embeddedPlace()));
  const through = mongoReplicas === 1 ? 'one replica' : `${mongoReplicas} replicas`;
  describeMongo(`${name}, through ${through} on MongoDB`, (uri) => suite(mongoPlace(uri, mongoReplicas)));
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
  return { replicas: 1, env };
}

function mongoPlace(uri: string, replicas: number): Place {
  const database = temporaryDatabase(uri);
  const env = { MONGODB_URI: uri, MONGODB_DATABASE: database };
  return { replicas, env, mongo: { uri, database } };
}
