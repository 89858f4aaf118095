import { Access } from '../access/access.js';
import { Dispatcher, type DispatcherOptions } from '../alerts/dispatcher.js';
import { remoteSinks } from '../alerts/remote-sink.js';
import { Routing } from '../alerts/sink-settings.js';
import type { Config } from '../config/config.js';
import { PROCESS_TIME } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import { openOtlpTraces } from '../platform/otlp-traces.js';
import type { Scheduler } from '../platform/scheduler.js';
import { StartError } from '../platform/start-error.js';
import { TlsFiles } from '../platform/tls-files.js';
import type { Tracing } from '../platform/tracing.js';
import { version } from '../platform/version.js';

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

/** Traces, where the configuration names a collector. Throws a `StartError` if the packages that send them are missing. */
export async function startTraces(
  { otlpEndpoint: endpoint }: Config,
  { copyId, log, scheduler }: { copyId: string; log: Log; scheduler: Scheduler },
  undos: (() => Promise<void> | void)[],
): Promise<Tracing | undefined> {
  if (endpoint === undefined) return undefined;
  const { monotonic } = PROCESS_TIME;
  const { tracing, stop } = await openOtlpTraces({
    ...{ endpoint, copyId, log, scheduler, monotonic, version: version() },
  });
  undos.push(stop);
  return tracing;
}

/** What carries alerts to the sinks of the configuration. */
export function openAlerts(
  { alertSinks, publicUrl }: Config,
  options: Omit<DispatcherOptions, 'routing' | 'sinks'>,
): Dispatcher {
  const { scheduler } = options;
  const sinks = remoteSinks(alertSinks, { scheduler, wall: PROCESS_TIME.wall, publicUrl });
  return new Dispatcher({ ...options, routing: new Routing(alertSinks), sinks });
}
