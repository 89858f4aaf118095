import { context, DiagLogLevel, diag, ROOT_CONTEXT } from '@opentelemetry/api';
import type { Log } from './log.js';
import { pause, type Scheduler } from './scheduler.js';
import { StartError } from './start-error.js';
import { Tracing } from './tracing.js';

/** What could not be sent by then is lost: the process must be able to stop. */
const FLUSH_MS = 2_000;
/** A collector that is away fails every few seconds, and one line a minute says it as well. */
const TELL_EVERY_MS = 60_000;

export interface OtlpOptions {
  /** The collector's base address, such as `http://127.0.0.1:4318`. */
  readonly endpoint: string;
  readonly version: string;
  readonly copyId: string;
  readonly log: Log;
  readonly scheduler: Scheduler;
  readonly monotonic: () => number;
}

export interface OpenTraces {
  readonly tracing: Tracing;
  stop(): Promise<void>;
}

/**
 * Sends traces to a collector by OTLP over HTTP. The SDK is loaded here and nowhere else, since most runs need none of it: its
 * packages are optional. It reads the other OTEL_ variables itself: the sampler, headers, attributes of the resource.
 */
export async function openOtlpTraces(options: OtlpOptions): Promise<OpenTraces> {
  const { endpoint, version, copyId, scheduler } = options;
  const { sdk, otlp, resources } = await load();
  diag.setLogger(diagLogger(options), { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  const own = { 'service.name': 'budget-arbiter', 'service.version': version, 'service.instance.id': copyId };
  const resource = resources
    .defaultResource()
    .merge(resources.resourceFromAttributes(own))
    .merge(resources.detectResources({ detectors: [resources.envDetector] }));
  const exporter = new otlp.OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, '')}/v1/traces` });
  const provider = new sdk.NodeTracerProvider({
    resource,
    spanProcessors: [new sdk.BatchSpanProcessor(exporter)],
  });
  provider.register();
  const stop = () => Promise.race([provider.shutdown().catch(() => {}), pause(scheduler, FLUSH_MS)]);
  return { tracing: new Tracing(version), stop };
}

async function load() {
  try {
    const [sdk, otlp, resources] = await Promise.all([
      import('@opentelemetry/sdk-trace-node'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources'),
    ]);
    return { sdk, otlp, resources };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new StartError(
      'OTEL_EXPORTER_OTLP_ENDPOINT is set, but the packages that send traces are not installed: ' +
        'install with "npm ci --include=optional", or unset the variable',
      1,
      { cause: error },
    );
  }
}

function diagLogger({ log, monotonic }: OtlpOptions) {
  let toldAt = Number.NEGATIVE_INFINITY;
  const tell = (message: string, ...details: unknown[]): void => {
    if (monotonic() - toldAt < TELL_EVERY_MS) return;
    toldAt = monotonic();
    const reason = [plain(message), ...details.map(String)].join(' ').slice(0, 500);
    // Of no request's trace, though the SDK notices it in the middle of one.
    context.with(ROOT_CONTEXT, () =>
      log.warn({ reason }, 'traces cannot be sent; the service goes on without'),
    );
  };
  const nothing = (): void => {};
  return { error: tell, warn: tell, info: nothing, debug: nothing, verbose: nothing };
}

/** The SDK tells errors as JSON with their stacks, which say nothing of a collector that is away. */
function plain(text: string): string {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    return typeof message === 'string' ? message : text;
  } catch {
    return text;
  }
}
