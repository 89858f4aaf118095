import {
  type BSONSerializeOptions,
  type Db,
  type DbOptions,
  MongoClient,
  type MongoClientOptions,
  MongoServerError,
} from 'mongodb';
import { PROCESS_SCHEDULER } from '../../platform/scheduler.js';
import { StoreStartError } from '../store.js';
import { messageOf } from './mongo-errors.js';
import type { CurrentRead, SteadyPrimary } from './steady-primary.js';

/** What the server is told with `maxTimeMS`; the driver's own limits are somewhat above. */
export const COMMIT_MS = 1_000;
export const READ_MS = 2_000;

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
 * found out by looking. An option here beats the one of the same name in a URI.
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

/** A shared server counts connections, and replicas are many. Commits of one budget come one after the other anyway. */
const MOST_CONNECTIONS = 10;

/** Of this the URI has the last word. */
function poolOptions(uri: string): MongoClientOptions {
  return /[?&]maxPoolSize=/i.test(uri) ? {} : { maxPoolSize: MOST_CONNECTIONS };
}

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
      ...{ ...CLIENT_OPTIONS, ...poolOptions(uri) },
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

/** Above the sum of what the driver may wait: for a server, for a connection, for an answer. */
const LIMIT_MS = 8_000;
/** A client through which nothing came for so long is replaced. A server that is really gone costs one client as often. */
const RENEW_AFTER_MS = 5_000;

/**
 * The client in use. The driver (7.9.0) can wait for ever: what it writes in the tick in which its connection dies waits for
 * a `drain` that never comes, without a limit. If that is the monitor's heartbeat, and a cut of all connections makes it so
 * one time in ten, the server is taken for gone until the process ends. So every wait ends here, and a silent client is replaced.
 */
export class MongoClients {
  private answeredAt: number;

  constructor(
    private client: MongoClient,
    private readonly make: () => MongoClient,
    readonly primary: SteadyPrimary,
    private readonly monotonic: () => number,
  ) {
    this.answeredAt = monotonic();
  }

  get current(): MongoClient {
    return this.client;
  }

  /** As `use`, for a read that must see every acknowledged write. */
  read<T>(send: (how: CurrentRead) => Promise<T>): Promise<T> {
    return this.primary.read((how) => this.use(() => send(how)));
  }

  async use<T>(work: () => Promise<T>): Promise<T> {
    if (this.monotonic() - this.answeredAt > RENEW_AFTER_MS) this.renew();
    try {
      const result = await withinLimit(work());
      this.answeredAt = this.monotonic();
      return result;
    } catch (error) {
      if (error instanceof MongoServerError) this.answeredAt = this.monotonic();
      throw error;
    }
  }

  close(): Promise<void> {
    return this.client.close();
  }

  private renew(): void {
    const old = this.client;
    this.client = this.make();
    this.answeredAt = this.monotonic();
    void old.close().catch(() => undefined);
  }
}

async function withinLimit<T>(work: Promise<T>): Promise<T> {
  let cancel = (): void => {};
  const late = new Promise<never>((_, reject) => {
    const end = () => reject(new Error(`no answer from the driver within ${LIMIT_MS} ms`));
    cancel = PROCESS_SCHEDULER.after(LIMIT_MS, end);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    cancel();
  }
}
