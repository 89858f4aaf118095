import type { HttpObserver, RpcObserver } from '../api/observers.js';
import type { ArbiterObserver } from '../arbiter/observer.js';
import type { ServicePort } from '../arbiter/service-port.js';
import type { MetricsSettings } from '../config/metrics-file.js';
import type { Scheduler } from '../platform/scheduler.js';
import type { StoreObserver } from '../store/observed-store.js';
import { exposeBudgetCounters } from './budget-counters.js';
import { BudgetFigures } from './budget-figures.js';
import { exposeBudgetGauges } from './budget-gauges.js';
import { BudgetTallies } from './budget-tallies.js';
import { HttpTimes, RpcTimes, StoreTimes } from './durations.js';
import { Exposition } from './exposition.js';
import { exposeReplicaGauges, type ReplicaState } from './replica-gauges.js';

export interface MetricsOptions {
  readonly settings: MetricsSettings;
  readonly scheduler: Scheduler;
  readonly monotonic: () => number;
}

/** What the parts of the service report to, and what a scraper gets. */
export interface Metrics {
  readonly arbiter: ArbiterObserver;
  readonly rpc: RpcObserver;
  readonly http: HttpObserver;
  readonly store: StoreObserver;
  /** Once all parts are there: the page that Prometheus reads. */
  page(servicePort: ServicePort, replica: ReplicaState): MetricsPage;
}

export type MetricsPage = () => Promise<{ readonly type: string; readonly text: string }>;

export function openMetrics({ settings, scheduler, monotonic }: MetricsOptions): Metrics {
  const tallies = new BudgetTallies(settings);
  const rpc = new RpcTimes(monotonic);
  const http = new HttpTimes(monotonic);
  const store = new StoreTimes();
  return {
    ...{ arbiter: tallies, rpc, http, store },
    page(servicePort, replica) {
      const exposition = new Exposition();
      const { maxBudgets, aiLabels } = settings;
      const figures = new BudgetFigures({ servicePort, tallies, scheduler, monotonic, maxBudgets });
      exposeBudgetCounters(exposition, tallies, aiLabels.length > 0);
      exposeBudgetGauges(exposition, figures);
      exposeReplicaGauges(exposition, replica, tallies, figures);
      for (const times of [rpc, http, store]) times.expose(exposition);
      exposition.ofProcess();
      return async () => {
        await figures.refresh();
        return exposition.text();
      };
    },
  };
}
