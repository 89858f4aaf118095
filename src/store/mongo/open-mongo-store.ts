import type { Db, MongoClient } from 'mongodb';
import { PROCESS_TIME } from '../../platform/clock.js';
import { type Log, SILENT_LOG } from '../../platform/log.js';
import { PROCESS_SCHEDULER, type Scheduler } from '../../platform/scheduler.js';
import { type BudgetStore, StoreStartError, StoreUnreachable } from '../store.js';
import { refuseMarked } from '../store-mark.js';
import type { TransferStore } from '../transfer-store.js';
import { databaseOf, MongoClients, newClient, whereOf } from './mongo-client.js';
import { isPassing, isUserRefused, messageOf } from './mongo-errors.js';
import { MongoStore, MongoTransferStore } from './mongo-store.js';
import { Presence } from './presence.js';
import { type ProbeDocument, probeConfirmedRead, probeServer } from './probe.js';
import { ensureSchema } from './schema.js';
import { ServerTime } from './server-time.js';
import { SteadyPrimary } from './steady-primary.js';
import { readMark } from './store-documents.js';

export interface MongoStoreOptions {
  readonly uri: string;
  readonly database: string;
  /** Names this replica in the server's logs. */
  readonly copyId?: string;
  readonly log?: Log;
  readonly monotonic?: () => number;
  readonly scheduler?: Scheduler;
}

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
      refuseMarked(place, await documents.read((how) => readMark(documents, how)));
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
  const primary = new SteadyPrimary(monotonic);
  const client = primary.follow(newClient(uri, copyId));
  try {
    await client.connect();
    const own = databaseOf(client, database);
    await own.command({ ping: 1 });
    await ensureSchema(own, log);
    const probe = own.collection<ProbeDocument>('probe');
    await probeServer(probe);
    await probeConfirmedRead(primary, probe);
    await checkTime(client, own, monotonic);
    const again = () => primary.follow(newClient(uri, copyId));
    const clients = new MongoClients(client, again, primary, monotonic);
    return await use(clients, monotonic, `the database ${database} of MongoDB at ${whereOf(client)}`);
  } catch (error) {
    await client.close();
    throw startError(client, error);
  }
}

/** Leases run by the store's time. */
async function checkTime(client: MongoClient, own: Db, monotonic: () => number): Promise<void> {
  const databases = { own, admin: databaseOf(client, 'admin') };
  if ((await new ServerTime(monotonic).ask(databases)) !== undefined) return;
  throw new StoreStartError(
    `MongoDB at ${whereOf(client)} does not tell its time: neither hello nor serverStatus has a localTime, and $$NOW gives ` +
      'none. Use MongoDB 4.4.2 or newer, or FerretDB 2 or newer.',
  );
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
