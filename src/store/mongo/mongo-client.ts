import {
  type BSONSerializeOptions,
  type Db,
  type DbOptions,
  MongoClient,
  type MongoClientOptions,
} from 'mongodb';
import { StoreStartError } from '../store-start-error.js';
import { messageOf } from './mongo-errors.js';
import { COMMIT_MS } from './waits.js';

/** For a command that is sent as it is. On the disks of a majority: a stamp that was seen cannot be lost any more. */
export const WRITE_CONCERN = { w: 'majority', j: true, wtimeout: COMMIT_MS } as const;

/** How values come and go: stamps and tokens are compared as numbers. */
const VALUES = {
  ignoreUndefined: true,
  promoteValues: true,
  promoteLongs: true,
  promoteBuffers: false,
  useBigInt64: false,
  bsonRegExp: false,
  serializeFunctions: false,
  enableUtf8Validation: true,
  raw: false,
} as const satisfies BSONSerializeOptions;

/**
 * Every wait has an end, each somewhat above what the server is told with `maxTimeMS`, so that a server or a network that
 * says nothing becomes an error within seconds. Writes are never repeated by the driver: whether a commit was applied is
 * settled by looking. An option here beats the one of the same name in a URI.
 */
const CLIENT_OPTIONS = {
  ...VALUES,
  retryWrites: false,
  readPreference: 'primary',
  serverSelectionTimeoutMS: 2_000,
  connectTimeoutMS: 2_000,
  waitQueueTimeoutMS: 2_000,
  socketTimeoutMS: 3_000,
} as const satisfies MongoClientOptions;

/**
 * Promises about durability rest on these. They are of the database, which no URI reaches: of the client's own, a URI beats
 * `readConcern` by `readConcernLevel`, and `writeConcern` by `journal`, `w`, `wtimeout` and `wtimeoutMS`.
 */
const DATABASE_OPTIONS = {
  ...VALUES,
  readPreference: 'primary',
  readConcern: { level: 'majority' },
  writeConcern: { w: 'majority', j: true, wtimeoutMS: COMMIT_MS },
} as const satisfies Omit<DbOptions, 'readConcern'> & { readConcern: object };

export function newClient(uri: string, copyId: string | undefined): MongoClient {
  try {
    return new MongoClient(uri, {
      ...CLIENT_OPTIONS,
      appName: copyId === undefined ? 'budget-arbiter' : `budget-arbiter ${copyId}`,
    });
  } catch (error) {
    // The driver may quote what it could not read, so that no cause is passed on either.
    const reason = messageOf(error).replaceAll(uri, '(not shown)');
    throw new StoreStartError(`MONGODB_URI is not a valid connection string: ${reason}`);
  }
}

/** The only way to a database of this service, whatever the URI says. */
export function databaseOf(client: MongoClient, name: string): Db {
  return client.db(name, DATABASE_OPTIONS as unknown as DbOptions);
}

export function whereOf({ options: { srvHost, hosts } }: MongoClient): string {
  return srvHost ?? hosts.join(',');
}
