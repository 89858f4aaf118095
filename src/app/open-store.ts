import type { Config } from '../config/config.js';
import { PROCESS_TIME } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import { redactSecrets } from '../platform/redact.js';
import { pause, type Scheduler } from '../platform/scheduler.js';
import { StartError } from '../platform/start-error.js';
import type { Tracing } from '../platform/tracing.js';
import { observedStore, type StoreObserver, storeSpans } from '../store/observed-store.js';
import { type BudgetStore, StoreStartError, StoreUnreachable } from '../store/store.js';

const GIVE_UP_AFTER_MS = 30_000;
const TRY_EVERY_MS = 2_000;

/** Opens the store that the configuration chooses. An unreachable one gets a log line per try, and an end after 30 s. */
export async function openStore(
  config: Config,
  copyId: string,
  log: Log,
  scheduler: Scheduler,
  monotonic: () => number,
): Promise<BudgetStore> {
  const started = monotonic();
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await openOnce(config, copyId, log, monotonic);
    } catch (error) {
      if (error instanceof StoreStartError) throw new StartError(error.message, 1, { cause: error });
      if (!(error instanceof StoreUnreachable)) throw error;
      if (monotonic() - started + TRY_EVERY_MS > GIVE_UP_AFTER_MS) {
        throw new StartError(`gave up after ${attempt} tries in 30 s: ${redactSecrets(error.message)}`, 1, {
          cause: error,
        });
      }
      log.warn(
        { attempt, reason: redactSecrets(error.message) },
        'the store cannot be reached; trying again',
      );
      await pause(scheduler, TRY_EVERY_MS);
    }
  }
}

/** The store as the rest of the service has it: timed, counted, and with spans where traces are collected. */
export function observed(
  store: BudgetStore,
  observer: StoreObserver,
  tracing: Tracing | undefined,
): BudgetStore {
  const around = tracing && storeSpans(tracing, store.name);
  return observedStore(store, { observer, monotonic: PROCESS_TIME.monotonic, around });
}

/** Loads the one that is asked for: MongoDB's driver alone takes as much memory as all else that is loaded. */
async function openOnce(
  config: Config,
  copyId: string,
  log: Log,
  monotonic: () => number,
): Promise<BudgetStore> {
  const { mongodbUri, mongodbDatabase, dataDir } = config;
  if (mongodbUri === undefined) {
    const { openLmdbStore } = await import('../store/lmdb/open-lmdb-store.js');
    return openLmdbStore({ dataDir, log });
  }
  const { openMongoStore } = await import('../store/mongo/open-mongo-store.js');
  return openMongoStore({ uri: mongodbUri, database: mongodbDatabase, copyId, log, monotonic });
}
