import { Access } from '../access/access.js';
import type { Config } from '../config/config.js';
import { PROCESS_TIME } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import type { Scheduler } from '../platform/scheduler.js';
import { StartError } from '../platform/start-error.js';
import { TlsFiles } from '../platform/tls-files.js';

/** What both servers need to know who calls. */
export interface OpenAccess {
  readonly access: Access | undefined;
  readonly tls: TlsFiles | undefined;
  stop(): void;
}

/** Everything is open where CONFIG_FILE names no credentials. */
export function openAccess(config: Config, log: Log, scheduler: Scheduler): OpenAccess {
  const { credentials: settings } = config;
  const access = settings && new Access({ settings, time: PROCESS_TIME, scheduler, log });
  const tls = config.tls && readTlsFiles(config.tls, log);
  tls?.watch(scheduler);
  if (!['info', 'debug'].includes(config.logLevel)) {
    log.warn({}, `LOG_LEVEL=${config.logLevel} leaves out the audit of what operators do; info has it`);
  }
  return { access, tls, stop: () => tls?.stop() };
}

function readTlsFiles(paths: NonNullable<Config['tls']>, log: Log): TlsFiles {
  try {
    return TlsFiles.read(paths, log);
  } catch (error) {
    throw new StartError((error as Error).message, 1, { cause: error });
  }
}
