import type { Arbiter } from '../arbiter/arbiter.js';
import type { ReplicaState } from '../metrics/replica-gauges.js';
import type { ComparingClock } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import type { Scheduler } from '../platform/scheduler.js';
import { version } from '../platform/version.js';
import type { BudgetStore } from '../store/store.js';
import type { ConfigurationRead } from './configuration-watch.js';

const EVERY_MS = 1_000;

/** Looks once a second whether the store answers, and tells when that changes. */
export class Readiness {
  private serving = false;
  private stopped = false;

  constructor(
    private readonly store: BudgetStore,
    private readonly scheduler: Scheduler,
    private readonly log: Log,
    private readonly changed: (serving: boolean) => void,
  ) {}

  get ready(): boolean {
    return this.serving && !this.stopped;
  }

  start(): void {
    this.set(true);
    this.plan();
  }

  stop(): void {
    this.stopped = true;
    this.set(false);
  }

  private plan(): void {
    this.scheduler.after(EVERY_MS, () => void this.look());
  }

  private async look(): Promise<void> {
    if (this.stopped) return;
    const answers = await this.store.list('', 1).then(
      () => true,
      () => false,
    );
    if (this.stopped) return;
    if (answers !== this.serving) {
      if (answers) this.log.info({}, 'the store answers again: serving');
      else this.log.error({}, 'the store does not answer: not serving');
    }
    this.set(answers);
    this.plan();
  }

  private set(serving: boolean): void {
    if (serving === this.serving) return;
    this.serving = serving;
    this.changed(serving);
  }
}

/** What this replica tells of itself in its metrics. */
export function replicaState(
  store: BudgetStore,
  arbiter: Arbiter,
  clock: ComparingClock,
  readiness: Readiness,
  configuration: { readonly read: ConfigurationRead },
): ReplicaState {
  return {
    ...{ version: version(), store: store.name },
    load: () => arbiter.load(),
    watchers: () => arbiter.counts.watchers,
    serving: () => readiness.ready,
    clockTrusted: () => clock.read().trusted,
    clockSkewMs: () => clock.skewMs(),
    configurationRead: () => configuration.read,
  };
}
