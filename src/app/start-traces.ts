import type { Config } from '../config/config.js';
import { PROCESS_TIME } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import { openOtlpTraces } from '../platform/otlp-traces.js';
import type { Scheduler } from '../platform/scheduler.js';
import type { Tracing } from '../platform/tracing.js';
import { version } from '../platform/version.js';

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
