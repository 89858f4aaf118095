import { MongoClient, type MongoClientOptions } from 'mongodb';
import { PROCESS_TIME } from '../../platform/clock.js';
import { type Log, SILENT_LOG } from '../../platform/log.js';
import { PROCESS_SCHEDULER, type Scheduler } from '../../platform/scheduler.js';
import type { BudgetStore } from '../store.js';
import { refuseMarked } from '../store-mark.js';
import { StoreStartError, StoreUnreachable } from '../store-start-error.js';
import type { TransferStore } from '../transfer-store.js';
import { MongoClients } from './mongo-clients.js';
import { isPassing, isUserRefused, messageOf } from './mongo-errors.js';
import { MongoStore } from './mongo-store.js';
import { MongoTransferStore } from './mongo-transfer-store.js';
import { Presence } from './presence.js';
import { type ProbeDocument, probeServer } from './probe.js';
import { ensureSchema } from './schema.js';
import { readMark } from './store-documents.js';

export interface MongoStoreOptions {
  readonly uri: string;
  readonly database: string;
  /** Names this copy of the service in the server's logs. */
  readonly copyId?: string;
  readonly log?: Log;
  readonly monotonic?: () => number;
  readonly scheduler?: Scheduler;
}

/**
 * Every wait has an end, each somewhat above what the server is told with `maxTimeMS`, so that a server or a network that
 * says nothing becomes an error within seconds. Writes are never repeated by the driver: whether a commit was applied is
 * settled by looking.
 */
const CLIENT_OPTIONS: MongoClientOptions = {
  retryWrites: false,
  writeConcern: { w: 'majority', wtimeoutMS: 1_000 },
  readConcern: { level: 'majority' },
  readPreference: 'primary',
  serverSelectionTimeoutMS: 2_000,
  connectTimeoutMS: 2_000,
  waitQueueTimeoutMS: 2_000,
  socketTimeoutMS: 3_000,
  ignoreUndefined: true,
};

/**
 * Connects, creates what is missing, and probes the server. Throws `StoreUnreachable` if trying again may help, else
 * `StoreStartError`; neither names a password.
 */
export async function openMongoStore(options: MongoStoreOptions): Promise<BudgetStore> {
  const { copyId, log = SILENT_LOG, scheduler = PROCESS_SCHEDULER } = options;
  return openDatabase(options, async (clients, monotonic, place) => {
    const store = new MongoStore(clients, options.database, monotonic);
    const onRetired = (why: string): void => {
      log.error({}, why);
      store.retire(why);
    };
    const { documents } = store;
    const presence = copyId && new Presence(documents, copyId, scheduler, log, onRetired, monotonic);
    if (presence) store.onClose = () => presence.stop();
    try {
      if (presence) await presence.start();
      refuseMarked(place, await readMark(documents));
      return store;
    } catch (error) {
      if (presence) await presence.stop();
      throw error;
    }
  });
}

/** The same for a migration, a backup or a restore. */
export function openMongoTransfer(options: MongoStoreOptions): Promise<TransferStore> {
  const { database, scheduler = PROCESS_SCHEDULER } = options;
  return openDatabase(
    options,
    async (clients, monotonic, place) =>
      new MongoTransferStore(clients, database, monotonic, place, scheduler),
  );
}

async function openDatabase<T>(
  options: MongoStoreOptions,
  use: (clients: MongoClients, monotonic: () => number, place: string) => Promise<T>,
): Promise<T> {
  const { uri, database, copyId, log = SILENT_LOG, monotonic = PROCESS_TIME.monotonic } = options;
  const client = newClient(uri, copyId);
  try {
    await client.connect();
    await client.db(database).command({ ping: 1 });
    await ensureSchema(client.db(database), log);
    await probeServer(client.db(database).collection<ProbeDocument>('probe'));
    const clients = new MongoClients(client, () => newClient(uri, copyId), monotonic);
    return await use(clients, monotonic, `the database ${database} of MongoDB at ${whereOf(client)}`);
  } catch (error) {
    await client.close();
    throw startError(client, error);
  }
}

function whereOf({ options: { srvHost, hosts } }: MongoClient): string {
  return srvHost ?? hosts.join(',');
}

function newClient(uri: string, copyId: string | undefined): MongoClient {
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

function startError(client: MongoClient, error: unknown): Error {
  if (error instanceof StoreStartError) return error;
  const where = whereOf(client);
  const options = { cause: error };
  if (isPassing(error)) {
    return new StoreUnreachable(`MongoDB at ${where} does not answer: ${messageOf(error)}`, options);
  }
  if (isUserRefused(error)) {
    return new StoreStartError(`MongoDB at ${where} refuses this user: ${messageOf(error)}`, options);
  }
  return new StoreStartError(`MongoDB at ${where} cannot be used: ${messageOf(error)}`, options);
}
