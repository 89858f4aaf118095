import { Dispatcher } from '../../../src/alerts/dispatcher.js';
import type { Notice } from '../../../src/alerts/notice.js';
import type { Sent } from '../../../src/alerts/remote-sink.js';
import { Routing, type SinkSettings } from '../../../src/alerts/sink-settings.js';
import { Arbiter } from '../../../src/arbiter/arbiter.js';
import { UNOBSERVED } from '../../../src/arbiter/observer.js';
import type { CallerRequest } from '../../../src/arbiter/service-port.js';
import { ALERT_RULES } from '../../../src/domain/alerts/condition.js';
import type { BudgetEvent } from '../../../src/domain/model/events.js';
import type { StoredAlert } from '../../../src/domain/model/state.js';
import { pause, type Scheduler } from '../../../src/platform/scheduler.js';
import { openMemoryStore } from '../../../src/store/memory/memory-store.js';
import { BUDGET, ROOMY } from '../../arbiter/support/world.js';
import { caller } from '../../support/caller.js';
import { collectedLog } from '../../support/collected-log.js';
import { FaultyStore } from '../../support/faulty-store.js';
import { ManualClock } from '../../support/manual-clock.js';
import { ManualScheduler } from '../../support/manual-scheduler.js';
import { recordUnleased } from '../../support/requests.js';

export interface Told {
  readonly replica: number;
  readonly sink: string;
  readonly notice: Notice;
  readonly attempt: number;
  readonly at: number;
}

export interface AlertWorldOptions {
  readonly replicas?: number;
  readonly exclusive?: boolean;
  readonly sinks?: readonly SinkSettings[];
  /** What a sink answers; it may take its time. */
  readonly answer?: (told: Told) => Sent | Promise<Sent>;
}

export const HEARD: Sent = { delivered: true, detail: 'answered 200' };
export const FAILED: Sent = { delivered: false, detail: 'answered 500' };

export function sinkNamed(name: string, more: Partial<SinkSettings> = {}): SinkSettings {
  return { name, kind: 'webhook', url: 'http://127.0.0.1/', rules: ALERT_RULES, budgets: ['*'], ...more };
}

export const POLICY = { ...ROOMY, monthlyLimit: 1_000, enforcedPercent: 100, warningPercent: 50 };

/** Replicas with sinks that a test answers for, over one store; replicas can crash and start. */
export class AlertWorld {
  readonly clock = new ManualClock('2026-11-10T09:10:00Z');
  readonly scheduler = new ManualScheduler([this.clock]);
  readonly log = collectedLog();
  readonly told: Told[] = [];
  readonly replicas: {
    readonly arbiter: Arbiter;
    readonly dispatcher: Dispatcher;
    readonly store: FaultyStore;
  }[] = [];
  readonly counted: StoredAlert[] = [];
  private readonly inner;
  private readonly alive: boolean[] = [];

  private constructor(
    private readonly options: AlertWorldOptions,
    inner: Awaited<ReturnType<typeof openMemoryStore>>,
  ) {
    this.inner = inner;
  }

  static async open(options: AlertWorldOptions = {}): Promise<AlertWorld> {
    const { replicas = 1, exclusive = replicas === 1 } = options;
    const world = new AlertWorld(options, await openMemoryStore({ exclusive }));
    for (let at = 0; at < replicas; at += 1) world.startReplica();
    await world.ask({ kind: 'put-policy', fields: POLICY });
    return world;
  }

  /** Another replica; returns its number. */
  startReplica(sinks = this.options.sinks ?? [sinkNamed('ops')]): number {
    const at = this.replicas.length;
    const { answer = () => HEARD } = this.options;
    this.alive[at] = true;
    const scheduler: Scheduler = {
      // Whole milliseconds, as of a real clock.
      after: (ms, task) => this.scheduler.after(Math.ceil(ms), () => this.alive[at] && task()),
      soon: (task) => this.scheduler.soon(() => this.alive[at] && task()),
      random: () => this.scheduler.random(),
    };
    const send = (sink: string) => async (notice: Notice, attempt: number) => {
      const told = { replica: at, sink, notice, attempt, at: this.scheduler.now };
      this.told.push(told);
      return answer(told);
    };
    const store = new FaultyStore(this.inner);
    const shared = { copyId: `copy-${at}`, clock: this.clock, scheduler, log: this.log };
    const dispatcher = new Dispatcher({
      ...shared,
      routing: new Routing(sinks),
      alone: store.exclusive,
      sinks: sinks
        .filter(({ url }) => url !== undefined)
        .map(({ name }) => ({ name, place: '', send: send(name) })),
    });
    const happened = (events: readonly BudgetEvent[]) => {
      for (const event of events) if (event.kind === 'alert') this.counted.push(event.alert);
    };
    const observer = { budget: (budgetId: string) => ({ ...UNOBSERVED.budget(budgetId), happened }) };
    const arbiter = new Arbiter({ ...shared, store, maxSkewMs: 2_000, alerts: dispatcher, observer });
    arbiter.start();
    dispatcher.start(arbiter);
    this.replicas.push({ arbiter, dispatcher, store });
    return at;
  }

  /** Nothing that it had begun goes on, and nobody is told. */
  crash(at: number): void {
    this.alive[at] = false;
    const { store } = this.replica(at);
    store.plan = () => ({ kind: 'fail', failure: 'unavailable' });
  }

  replica(at: number) {
    const replica = this.replicas[at];
    if (replica === undefined) throw new Error(`no replica ${at}`);
    return replica;
  }

  ask(request: CallerRequest, at = 0): Promise<unknown> {
    return this.scheduler.until(this.replica(at).arbiter.submit(BUDGET, request, caller()));
  }

  private spent = 0;

  /** Spends so many tokens: from 500 on there is a warning. */
  async spend(tokens: number, at = 0): Promise<void> {
    this.spent += 1;
    await this.ask(recordUnleased('a', `u${this.spent}`, tokens), at);
  }

  async marks(rule: string): Promise<StoredAlert[]> {
    const state = await this.inner.load(BUDGET);
    return [...(state?.sections.alerts.values() ?? [])].filter((mark) => mark.rule === rule);
  }

  /** What was told about a rule, as `replica sink type attempt`. */
  toldOf(rule: string): string[] {
    return this.told
      .filter(({ notice }) => notice.alert.rule === rule)
      .map(({ replica, sink, notice, attempt }) => `${replica} ${sink} ${notice.type} ${attempt}`);
  }

  /** An answer that comes so much later. */
  async later(ms: number, sent: Sent = HEARD): Promise<Sent> {
    await pause(this.scheduler, ms);
    return sent;
  }
}
