import type { Access } from './access/access.js';
import type { Services } from './api/service.js';
import { ConfigurationWatch } from './app/configuration-watch.js';
import { createFirstBudgets } from './app/first-budgets.js';
import { openAccess, openAlerts, startTraces } from './app/open-parts.js';
import { observed, openStore } from './app/open-store.js';
import { Readiness, replicaState } from './app/readiness.js';
import { openRecording } from './app/recording.js';
import { Tidying } from './app/tidying.js';
import { Arbiter } from './arbiter/arbiter.js';
import { getDistribution } from './arbiter/distribution.js';
import { together } from './arbiter/observer.js';
import { NOBODY } from './arbiter/pending.js';
import { Semaphore } from './arbiter/semaphore.js';
import { exportUsage } from './arbiter/usage-export.js';
import { listUsage } from './arbiter/usage-listing.js';
import { runCli } from './cli/run.js';
import { type Config, loadConfig } from './config/config.js';
import { createGrpcServer } from './grpc/server.js';
import { rpcEndpoints } from './http/connect/endpoints.js';
import { createDashboard } from './http/dashboard/dashboard.js';
import { createHttpServer } from './http/server.js';
import { openMetrics } from './metrics/open-metrics.js';
import { CallerAddresses } from './platform/caller-addresses.js';
import { type ComparingClock, computedMs, PROCESS_TIME, type TrustChange } from './platform/clock.js';
import { embeddedClock } from './platform/embedded-clock.js';
import { randomIds } from './platform/ids.js';
import type { Log } from './platform/log.js';
import { openLog } from './platform/pino-log.js';
import { PROCESS_SCHEDULER } from './platform/scheduler.js';
import { StartError } from './platform/start-error.js';
import { storeClock } from './platform/store-clock.js';
import { traceFields } from './platform/tracing.js';
import { version } from './platform/version.js';
import { bearObjectsYoung } from './platform/young-objects.js';
import { Slices, simulatePolicy } from './replay/simulate-policy.js';
import type { BudgetStore } from './store/store.js';

/** Calls under way get this long to be answered at shut-down; everything must be over within 10 s. */
const DRAIN_MS = 5_000;
const STOP_MS = 9_000;
/** Beside the one that is computed. */
const MOST_SIMULATIONS = 4;

/** Undoes one step of the start. */
type Undo = () => Promise<void> | void;

const scheduler = PROCESS_SCHEDULER;

/** What every part of the process reports to. */
interface Reporting {
  readonly log: Log;
  readonly metrics: ReturnType<typeof openMetrics>;
  readonly tracing: Awaited<ReturnType<typeof startTraces>>;
}

/** Starts everything in order; each step leaves its undo, and stopping runs them in reverse. */
async function start(config: Config, log: Log, undos: Undo[]): Promise<void> {
  const ids = randomIds();
  const copyId = ids.copyId();
  const metrics = openMetrics({ settings: config.metrics, scheduler, monotonic: PROCESS_TIME.monotonic });
  const tracing = await startTraces(config, { copyId, log, scheduler }, undos);
  const { store, clock, arbiter } = await startArbiter(config, copyId, { log, metrics, tracing }, undos);

  const { access, tls, stop: stopAccess } = openAccess(config, log, scheduler);
  undos.push(stopAccess);
  const configuration = watchConfiguration(config, access, log, undos);
  const services = {
    ...boundedQuestions(),
    ...{ servicePort: arbiter, ids, log, access, observer: metrics.rpc, tracing },
  };
  const { maxConnectionAgeMs, trustedProxies = [], proxyProtocol } = config;
  // One for each server: a client may use a port of its own for both.
  const callers = () => new CallerAddresses({ trustedProxies, proxyProtocol });
  const [grpcCallers, httpCallers] = [callers(), callers()];
  const grpc = createGrpcServer({
    ...{ ...services, tls, address: config.grpcAddress.text, addresses: grpcCallers, maxConnectionAgeMs },
  });
  const readiness = new Readiness(store, scheduler, log, (serving) => grpc.setServing(serving));
  const { defaultBudget } = config;
  const http = createHttpServer({
    ...{ address: config.httpAddress, defaultBudget, log, ids, access, tls, observer: metrics.http, tracing },
    addresses: httpCallers,
    getDistribution: (budgetId, query) => services.getDistribution(arbiter, budgetId, query, NOBODY),
    exportUsage: (budgetId, query) => exportUsage(arbiter, budgetId, query, NOBODY),
    ready: () => readiness.ready,
    rpcs: rpcEndpoints({ ...services, scheduler, defaultBudget }),
    metrics: metrics.page(arbiter, replicaState(store, arbiter, clock, readiness, configuration)),
    dashboard: createDashboard({
      ...{ servicePort: arbiter, access, time: PROCESS_TIME, scheduler, log, ids, version: version() },
      addresses: httpCallers,
    }),
  });
  const grpcPort = await grpc.start();
  undos.push(() => grpc.drain(DRAIN_MS));
  const httpPort = await http.start();
  undos.push(() => http.stop(1_000));
  readiness.start();
  undos.push(() => {
    readiness.stop();
    arbiter.refuseNew();
  });
  log.info(
    {
      grpc: at(config.grpcAddress.host, grpcPort),
      http: at(config.httpAddress.host, httpPort),
      ...{ tls: tls !== undefined, credentials: access !== undefined },
      ...{ store: store.name, version: version(), replica: copyId },
    },
    'listening',
  );
}

/** Credentials that change count without a restart; SIGHUP says what else of the file waits for one. */
function watchConfiguration(config: Config, access: Access | undefined, log: Log, undos: Undo[]) {
  const { wall } = PROCESS_TIME;
  const watch = new ConfigurationWatch({ config, access, scheduler, wall, log });
  const onHangUp = () => void watch.tell();
  watch.start();
  process.on('SIGHUP', onHangUp);
  undos.push(() => {
    process.removeListener('SIGHUP', onHangUp);
    watch.stop();
  });
  return watch;
}

/** Everything that decides, over the store; nobody can reach it yet. */
async function startArbiter(
  config: Config,
  copyId: string,
  { log, metrics, tracing }: Reporting,
  undos: Undo[],
) {
  const opened = await openStore(config, copyId, log, scheduler, PROCESS_TIME.monotonic);
  const store = observed(opened, metrics.store, tracing);
  undos.push(() => store.close());
  const { maxClockSkewMs: maxSkewMs, usageRetentionMonths: retentionMonths } = config;
  const clock = await startClock(store, maxSkewMs, log, undos);
  const alerts = openAlerts(config, { copyId, alone: store.exclusive, clock, scheduler, log });
  const recording = config.recordFile === undefined ? undefined : openRecording(config.recordFile, log);
  if (recording !== undefined) undos.push(recording.stop);
  const observer = recording ? together([metrics.arbiter, recording.recorder]) : metrics.arbiter;
  const told = { alerts, observer, tracing };
  const tidying = new Tidying({ store, clock, scheduler, log, retentionMonths });
  const { passed } = tidying;
  const arbiter = new Arbiter({
    ...{ store, clock, passed, log, copyId, maxSkewMs, retentionMonths, scheduler },
    ...told,
  });
  undos.push(() => arbiter.stop());
  alerts.start(arbiter);
  undos.push(() => alerts.stop());
  arbiter.start();
  await createFirstBudgets(arbiter, config, log);
  tidying.start();
  undos.push(() => tidying.stop());
  return { store, clock, arbiter };
}

/** What takes long to compute, asked over gRPC or HTTP. */
function boundedQuestions(): Pick<
  Services,
  'getDistribution' | 'listUsage' | 'listDenials' | 'simulatePolicy'
> {
  const semaphore = new Semaphore({ scheduler });
  const simulations = new Semaphore({ scheduler, atOnce: 1, mostWaiting: MOST_SIMULATIONS });
  const slices = () => new Slices(scheduler, { monotonic: PROCESS_TIME.monotonic, computed: computedMs });
  return {
    getDistribution: (...asked) => semaphore.take(asked[3], () => getDistribution(...asked)),
    listUsage: (...asked) => semaphore.take(asked[3], () => listUsage(...asked)),
    listDenials: (servicePort, ...asked) => semaphore.take(asked[2], () => servicePort.denials(...asked)),
    simulatePolicy: (...asked) => simulations.take(asked[3], () => simulatePolicy(...asked, slices())),
  };
}

function at(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

async function startClock(
  store: BudgetStore,
  maxSkewMs: number,
  log: Log,
  undos: Undo[],
): Promise<ComparingClock> {
  const onTrustChange = ({ trusted, message }: TrustChange) => {
    if (trusted) log.info({}, message);
    else log.error({}, message);
  };
  if (store.exclusive) return embeddedClock({ maxSkewMs, onTrustChange });
  const clock = storeClock({ maxSkewMs, sample: () => store.time().catch(() => undefined), onTrustChange });
  await clock.start();
  undos.push(() => clock.stop());
  return clock;
}

async function stop(undos: Undo[], log: Log): Promise<void> {
  for (const undo of undos.splice(0).reverse()) {
    try {
      await undo();
    } catch (error) {
      log.error({ err: error }, 'stopping went wrong');
    }
  }
}

async function main(): Promise<void> {
  const exitCode = await runCli(process.argv.slice(2));
  if (exitCode !== undefined) {
    process.exitCode = exitCode;
    return;
  }
  const { config, warnings } = loadConfig();
  const log = await openLog({
    level: config.logLevel,
    ...(config.otlpEndpoint === undefined ? {} : { context: traceFields }),
  });
  for (const warning of warnings) log.warn({}, warning);
  const undos: Undo[] = [];
  let stopping = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ signal }, 'stopping; a second signal ends at once');
    scheduler.after(STOP_MS, () => {
      log.error({}, 'stopping took too long; what was acknowledged is durable');
      log.flush();
      process.exit(1);
    });
    void stop(undos, log).then(() => {
      log.info({}, 'stopped');
      log.flush();
      process.exit(0);
    });
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  try {
    await start(config, log, undos);
    bearObjectsYoung();
  } catch (error) {
    await stop(undos, log);
    log.flush();
    throw error;
  }
}

main().catch((error: unknown) => {
  if (!(error instanceof StartError)) throw error;
  process.stderr.write(`budget-arbiter: ${error.message}\n`);
  process.exitCode = error.exitCode;
  // Whatever a failed start left open must not keep the process.
  scheduler.after(100, () => process.exit());
});
