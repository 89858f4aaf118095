import { type MongoClient, MongoServerError } from 'mongodb';
import { PROCESS_SCHEDULER } from '../../platform/scheduler.js';
import type { CurrentRead, SteadyPrimary } from './steady-primary.js';

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
