import { Arbiter } from '../../src/arbiter/arbiter.js';
import type { Caller, CallerRequest } from '../../src/arbiter/door.js';
import type { OutcomeOf } from '../../src/domain/outcomes.js';
import { SILENT_LOG } from '../../src/platform/log.js';
import type { Scheduler } from '../../src/platform/scheduler.js';
import { openMemoryStore } from '../../src/store/memory/memory-store.js';
import type { BudgetStore } from '../../src/store/store.js';
import { ManualClock } from '../support/manual-clock.js';
import { ManualScheduler } from '../support/manual-scheduler.js';
import { checkCommit } from './invariants.js';
import { SimClock, WorldTime } from './sim-clock.js';
import { SimLink, type Weather } from './sim-link.js';

export const BUDGET = 'shared';
const CLIENT_PATIENCE_MS = 9_000;

/** A call that its client gave up: nobody knows whether it had an effect. */
export class GaveUp extends Error {}

interface Copy {
  readonly arbiter: Arbiter;
  readonly link: SimLink;
  readonly clock: SimClock;
}

/** Several copies of the service over one store, in one process, driven by one seed. */
export class SimWorld {
  readonly scheduler: ManualScheduler;
  readonly time: WorldTime;
  readonly history: string[] = [];
  readonly violations: string[] = [];
  private readonly copies: Copy[] = [];
  private started = 0;
  weather: Weather = { faults: 0.05, delayMs: 40 };

  private constructor(
    seed: number,
    startedAt: number,
    readonly inner: BudgetStore,
  ) {
    const meter = new ManualClock(startedAt);
    this.scheduler = new ManualScheduler([meter], seed);
    this.time = new WorldTime(startedAt, () => meter.monotonic());
  }

  static async open(seed: number, startedAt: number, copies: number): Promise<SimWorld> {
    const world = new SimWorld(seed, startedAt, await openMemoryStore({ exclusive: false }));
    for (let at = 0; at < copies; at += 1) world.copies.push(world.startCopy());
    return world;
  }

  private startCopy(): Copy {
    const link = new SimLink(this.watched(), this.scheduler, this.weather);
    const clock = new SimClock(this.time, (this.scheduler.random() - 0.5) * 400);
    const scheduler: Scheduler = {
      after: (ms, task) => this.scheduler.after(ms, () => link.alive && task()),
      soon: (task) => this.scheduler.soon(() => link.alive && task()),
      random: () => this.scheduler.random(),
    };
    const copyId = `copy-${++this.started}`;
    const arbiter = new Arbiter({ store: link.store, clock, log: SILENT_LOG, copyId, maxSkewMs: 2_000, scheduler });
    arbiter.start();
    return { arbiter, link, clock };
  }

  /** The store, with every commit that took effect checked against the state before it. */
  private watched(): BudgetStore {
    const { inner } = this;
    const commit: BudgetStore['commit'] = async (budgetId, expected, patch) => {
      const before = await inner.load(budgetId);
      const result = await inner.commit(budgetId, expected, patch);
      if (result === 'lost') return result;
      const after = await inner.load(budgetId);
      if (after !== undefined) this.violations.push(...checkCommit(budgetId, before, after));
      return result;
    };
    return new Proxy(inner, {
      get(target, name) {
        if (name === 'commit') return commit;
        const value = Reflect.get(target, name, target) as unknown;
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }

  note(what: string): void {
    this.history.push(`${new Date(this.time.now).toISOString()} ${what}`);
  }

  random(): number {
    return this.scheduler.random();
  }

  pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.random() * from.length)] as T;
  }

  pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.scheduler.after(ms, resolve));
  }

  /** Sends a request to some copy. Rejects when the client has lost patience. */
  call<R extends CallerRequest>(request: R, waitMs = 0): Promise<OutcomeOf[R['kind']]> {
    const { arbiter } = this.pick(this.copies);
    let gone = false;
    const listeners: (() => void)[] = [];
    const caller: Caller = {
      get gone() {
        return gone;
      },
      onGone: (listener) => void listeners.push(listener),
    };
    return new Promise((resolve, reject) => {
      const cancel = this.scheduler.after(CLIENT_PATIENCE_MS + waitMs, () => {
        gone = true;
        for (const listener of listeners) listener();
        reject(new GaveUp());
      });
      const answer =
        request.kind === 'acquire' && waitMs > 0
          ? arbiter.acquireWaiting(BUDGET, request, waitMs, caller)
          : arbiter.submit(BUDGET, request, caller);
      (answer as Promise<OutcomeOf[R['kind']]>).then(resolve, reject).finally(cancel);
    });
  }

  crashSomeCopy(): void {
    const at = Math.floor(this.random() * this.copies.length);
    const copy = this.copies[at];
    if (copy === undefined) return;
    this.note(`copy ${at} crashes`);
    copy.link.alive = false;
    this.copies[at] = this.startCopy();
  }

  disturbSomeClock(): void {
    const copy = this.pick(this.copies);
    copy.clock.wallErrorMs = this.random() < 0.5 ? 0 : (this.random() - 0.5) * 20_000;
  }

  storm(weather: Weather): void {
    this.weather = weather;
    for (const { link } of this.copies) link.weather = weather;
  }

  /** From now on nothing goes wrong any more. */
  calm(): void {
    this.storm({ faults: 0, delayMs: 5 });
    this.time.storeErrorMs = 0;
    for (const { clock } of this.copies) clock.wallErrorMs = 0;
  }

  /** Stops every copy in order, and lets late writes arrive. */
  async finish(): Promise<void> {
    await this.scheduler.advance(15_000);
    const stopped = Promise.all(this.copies.map(({ arbiter }) => arbiter.stop()));
    await this.scheduler.until(stopped, 60_000, 50);
  }
}
