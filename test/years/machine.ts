import { Dispatcher } from '../../src/alerts/dispatcher.js';
import type { Notice } from '../../src/alerts/notice.js';
import { Routing } from '../../src/alerts/sink-settings.js';
import { Tidying } from '../../src/app/tidying.js';
import { Arbiter } from '../../src/arbiter/arbiter.js';
import { NOBODY } from '../../src/arbiter/pending.js';
import type { CallerRequest } from '../../src/arbiter/service-port.js';
import { ALERT_RULES } from '../../src/domain/alerts/condition.js';
import type { OutcomeOf } from '../../src/domain/model/outcomes.js';
import { embeddedClock } from '../../src/platform/embedded-clock.js';
import type { Scheduler } from '../../src/platform/scheduler.js';
import { type StoreClock, storeClock } from '../../src/platform/store-clock.js';
import type { BudgetStore } from '../../src/store/store.js';
import { collectedLog } from '../support/collected-log.js';
import { LeapingTime } from './leaping-time.js';
import { Traffic, watchedStore } from './watched-store.js';

const MAX_SKEW_MS = 2_000;
/** The months that are kept beside the current one. */
export const RETENTION_MONTHS = 2;

export type OpenStore = () => Promise<BudgetStore>;

interface Process {
  readonly arbiter: Arbiter;
  readonly tidying: Tidying;
  readonly dispatcher: Dispatcher;
  readonly store: BudgetStore;
  readonly clock: StoreClock | undefined;
  alive: boolean;
}

/** The service without its ways in: stores, arbiter, tidying and alerts are the real ones, under clocks that leap. */
export class Machine {
  readonly traffic = new Traffic();
  readonly time: LeapingTime;
  log = collectedLog();
  /** Ids of notices that the sink has heard. */
  readonly heard = new Set<string>();
  readonly givenUp = new Set<string>();
  /** What no service may log. */
  readonly errors: string[] = [];
  sinkFails = false;
  private process: Process | undefined;
  private runs = 0;

  constructor(
    private readonly open: OpenStore,
    start: number,
    seed: number,
  ) {
    this.time = new LeapingTime(start, seed, this.traffic);
    this.time.afterLeap = () => this.sample();
  }

  get store(): BudgetStore {
    return this.running.store;
  }

  private get running(): Process {
    if (this.process === undefined) throw new Error('the service does not run');
    return this.process;
  }

  async start(): Promise<void> {
    const store = watchedStore(await this.open(), this.traffic, () => this.time.believed);
    this.runs += 1;
    const copyId = `run-${this.runs}`;
    const scheduler: Scheduler = {
      after: (ms, task) => this.time.after(ms, () => running.alive && task()),
      soon: (task) => this.time.soon(() => running.alive && task()),
      random: () => this.time.random(),
    };
    const sources = this.time.sources();
    const shared = store.exclusive
      ? undefined
      : storeClock({ maxSkewMs: MAX_SKEW_MS, sample: () => store.time(), sources });
    const clock = shared ?? embeddedClock({ maxSkewMs: MAX_SKEW_MS, sources });
    const { log } = this;
    const means = { clock, scheduler, log };
    const dispatcher = this.dispatcher(copyId, store.exclusive, means);
    const tidying = new Tidying({ ...means, store, retentionMonths: RETENTION_MONTHS });
    const { passed } = tidying;
    const arbiter = new Arbiter({
      ...means,
      store,
      passed,
      copyId,
      maxSkewMs: MAX_SKEW_MS,
      alerts: dispatcher,
    });
    const running: Process = { arbiter, tidying, dispatcher, store, clock: shared, alive: true };
    this.process = running;
    await this.sample();
    dispatcher.start(arbiter);
    arbiter.start();
    tidying.start();
  }

  private dispatcher(
    copyId: string,
    alone: boolean,
    means: Pick<ConstructorParameters<typeof Dispatcher>[0], 'clock' | 'scheduler' | 'log'>,
  ): Dispatcher {
    const send = async ({ id }: Notice) => {
      if (this.sinkFails) return { delivered: false, detail: 'failed' } as const;
      this.heard.add(id);
      return { delivered: true, detail: 'heard' } as const;
    };
    const sink = {
      name: 'sink',
      kind: 'webhook',
      url: 'http://sink.invalid/',
      rules: ALERT_RULES,
      budgets: ['*'],
    } as const;
    const sinks = [{ name: sink.name, place: sink.name, send }];
    return new Dispatcher({ ...means, copyId, alone, sinks, routing: new Routing([sink]) });
  }

  /** The store tells its time, where it has one. */
  private async sample(): Promise<void> {
    await this.process?.clock?.resample();
  }

  /** Time passes, in leaps in which everything has its turn. */
  async pass(ms: number): Promise<void> {
    // A store that was not asked for its time for minutes is not trusted.
    for (let left = ms; left > 0; left -= 3_600_000) {
      await this.time.leap(Math.min(left, 3_600_000));
      await this.afterLeap();
    }
  }

  private async afterLeap(): Promise<void> {
    for (let tick = 0; tick < 3; tick += 1) await this.time.leap(1_000);
    for (const { level, fields, message } of this.log.entries) {
      if (message.includes('it is given up')) this.givenUp.add(String(fields['alert']));
      else if (level === 'error') this.errors.push(`${message}: ${String(fields['err'] ?? '')}`);
    }
    this.log.entries.length = 0;
  }

  async sleep(ms: number): Promise<void> {
    await this.time.sleep(ms);
    await this.afterLeap();
  }

  /** The clocks step. */
  async step(errorMs: number): Promise<void> {
    this.time.errorMs = errorMs;
    await this.afterLeap();
    await this.pass(70_000);
    await this.afterLeap();
  }

  async stop(): Promise<void> {
    const { running } = this;
    const { arbiter, dispatcher, tidying, store } = running;
    arbiter.refuseNew();
    await this.time.until(tidying.stop());
    await this.time.until(dispatcher.stop());
    await this.time.until(arbiter.stop());
    await this.end(running, store);
  }

  /** As if it had been killed: nothing that it had begun goes on. */
  async crash(): Promise<void> {
    await this.time.settle();
    await this.end(this.running, this.store);
  }

  private async end(running: Process, store: BudgetStore): Promise<void> {
    running.alive = false;
    this.process = undefined;
    await this.time.settle();
    await store.close();
  }

  ask<R extends CallerRequest>(budgetId: string, request: R): Promise<OutcomeOf[R['kind']]> {
    return this.time.until(this.running.arbiter.submit(budgetId, request, NOBODY));
  }

  get arbiter(): Arbiter {
    return this.running.arbiter;
  }
}
