import { Tidying } from '../../src/app/tidying.js';
import { Arbiter } from '../../src/arbiter/arbiter.js';
import { BOUNDS } from '../../src/arbiter/bounds.js';
import type { CallerRequest } from '../../src/arbiter/service-port.js';
import { Ledger } from '../../src/domain/ledger/ledger.js';
import type { OutcomeOf } from '../../src/domain/model/outcomes.js';
import type { StoredState } from '../../src/domain/model/state.js';
import type { Clock } from '../../src/platform/clock.js';
import { type Log, SILENT_LOG } from '../../src/platform/log.js';
import type { Scheduler } from '../../src/platform/scheduler.js';
import { TestCaller } from '../support/caller.js';
import { ManualClock } from '../support/manual-clock.js';
import { ManualScheduler } from '../support/manual-scheduler.js';
import { checkShownAlerts } from './alert-invariants.js';
import { checkCommit, type Promises } from './commit-invariants.js';
import { type Extreme, extremeOf } from './extremes.js';
import { GuaranteeBooks } from './guarantee-books.js';
import { wrongOfKept } from './kept-ledger.js';
import { OwedMarks } from './pacing-invariants.js';
import { MAX_SKEW_MS, SimClock, WorldTime } from './sim-clock.js';
import { SimLink, type Weather } from './sim-link.js';
import { SimSink } from './sim-sink.js';
import { type Lag, MOST_LAG, SimStore } from './sim-store.js';
import { ToppedBooks } from './top-up-invariants.js';

export const BUDGET = 'shared';
/** A caller has its answer by then, whatever happens to the store: the arbiter's own limit, looked at once a second. */
const SLACK_MS = BOUNDS.requestMs + 2_500;

/** All that one replica set has, or what has a shard of its own. */
const LAGGING_PARTS: readonly Lag['parts'][] = [
  ['budgets', 'days', 'receipts', 'changes'],
  ['budgets', 'days', 'receipts', 'changes'],
  ['budgets'],
  ['days'],
  ['days', 'receipts', 'changes'],
];

/** Of a wrong time that the store told; a commit that was decided by it may arrive late. */
const UNLEARN_MS = 20_000;

/** A call whose replica crashed: nobody knows whether it had an effect. */
export class GaveUp extends Error {}

export interface Replica {
  readonly copyId: string;
  readonly arbiter: Arbiter;
  readonly link: SimLink;
  readonly clock: SimClock;
  /** It answered so many requests with a denial, and so many that a policy in mode OBSERVE would deny. */
  readonly denials: { denied: number; wouldDeny: number };
}

/** Several replicas over one store, in one process, driven by one seed. */
export class SimWorld {
  readonly scheduler: ManualScheduler;
  readonly time: WorldTime;
  readonly store: SimStore;
  readonly sink = new SimSink(
    () => this.random(),
    (what) => this.violated(what),
  );
  readonly history: string[] = [];
  readonly violations: string[] = [];
  /** Every state that was, with the moment (by the scheduler) at which it began. */
  readonly states: { readonly at: number; readonly state: StoredState }[] = [];
  readonly replicas: Replica[] = [];
  /** What holds in this run and not in every run. */
  promises: Promises = { floor: false, clockWasReset: false };
  /** Streams of sessions whose clients have gone: only what these carried may end before its time. */
  readonly brokenStreams = new Set<string>();
  /** What was presumed of each lease when it ended, by the id of its receipt. */
  readonly presumed = new Map<string, number>();
  readonly guarantees = new GuaranteeBooks(BUDGET);
  readonly topped = new ToppedBooks();
  /** Of each session, the stream that its client tried to open last: that one loses no lease to another. */
  readonly latestStreams = new Map<string, string>();
  private readonly marks = new OwedMarks();
  commits = 0;
  /** Rises when a budget is being deleted, and when it has been created again. */
  epochs = 0;
  private started = 0;
  private weather: Weather = { faults: 0, delayMs: 5 };

  /** What callers drive to its bounds in this run. */
  readonly extreme: Extreme;

  /** Operators silence alerts and acknowledge them, in some runs. */
  readonly mindsAlerts: boolean;

  constructor(seed: number, startedAt: number, replicas: number) {
    this.extreme = extremeOf(seed);
    this.mindsAlerts = seed % 5 === 2;
    const meter = new ManualClock(startedAt);
    this.scheduler = new ManualScheduler([meter], seed);
    this.time = new WorldTime(startedAt, () => meter.monotonic());
    this.store = new SimStore(
      () => this.time.ofStore,
      () => this.random(),
      (_, before, after) => this.committed(before, after),
      // Some runs as on the embedded store: of one replica alone, or of one that writes receipts with the commit.
      { exclusive: replicas === 1 && seed % 5 < 3, receiptsInCommit: seed % 7 === 3 },
    );
    for (let at = 0; at < replicas; at += 1) this.replicas.push(this.startReplica());
  }

  /** A store that does not answer is a warning; an error is the service's own. */
  private readonly log: Log = {
    ...SILENT_LOG,
    error: ({ err }, message) => this.violated(`logged as an error: ${message}: ${(err as Error)?.stack}`),
  };

  private startReplica(): Replica {
    const link = new SimLink(this.store, this.scheduler, this.weather, (what) => this.violated(what));
    const scheduler: Scheduler = {
      after: (ms, task) => this.scheduler.after(ms, () => link.alive && task()),
      soon: (task) => this.scheduler.soon(() => link.alive && task()),
      random: () => this.scheduler.random(),
    };
    const clock = new SimClock(this.time, (this.random() - 0.5) / 5_000, () => link.store.time());
    clock.wallErrorMs = (this.random() - 0.5) * 800;
    clock.start(scheduler);
    const copyId = `copy-${++this.started}`;
    const alerts = this.sink.dispatcher(copyId, clock.clock, scheduler);
    const arbiter = new Arbiter({
      ...{
        store: link.store,
        clock: clock.clock,
        log: this.log,
        copyId,
        maxSkewMs: MAX_SKEW_MS,
        scheduler,
        alerts,
      },
    });
    alerts.start(arbiter);
    arbiter.start();
    return { copyId, arbiter, link, clock, denials: { denied: 0, wouldDeny: 0 } };
  }

  private committed(before: StoredState | undefined, after: StoredState): void {
    this.commits += 1;
    this.states.push({ at: this.scheduler.now, state: after });
    const ledger = Ledger.of(BUDGET, after);
    const latestGrant = this.nobodyIsMisled() ? this.time.now : Number.POSITIVE_INFINITY;
    const { brokenStreams, promises, topped } = this;
    const measured = this.extreme === 'NAMES';
    const known = { latestTime: this.time.latestBelief, latestGrant, promises, brokenStreams, measured };
    this.violations.push(
      ...this.sink.checkCommit(after),
      ...checkShownAlerts(ledger, after),
      ...this.marks.check(before, after),
      ...this.replicas.flatMap((replica) => wrongOfKept(BUDGET, replica, after, ledger)),
    );
    const receipt = (id: string) => this.store.peekReceipt(BUDGET, id);
    const document = (epoch: number, day: string) => this.store.peekDay(BUDGET, epoch, day);
    const change = (number: number) => this.store.peekChange(BUDGET, number);
    for (const [id, tokens] of presumedAtEnds(before, after)) this.presumed.set(id, tokens);
    this.violations.push(
      ...checkCommit({ before, after, ledger, receipt, change, document, topped, ...known }),
    );
    this.guarantees.commit(before, after, ledger);
  }

  /** Every replica has learnt the right time since the store's was wrong, and has no other clock that agrees with the wrong one. */
  private nobodyIsMisled(): boolean {
    const since = this.scheduler.now - this.misledUntil;
    return since > UNLEARN_MS && this.replicas.every(({ clock }) => Math.abs(clock.wallErrorMs) < 60_000);
  }

  private misledUntil = Number.NEGATIVE_INFINITY;

  /** The states that were in force at some moment since, as an observer may have seen them. */
  statesSince(at: number): StoredState[] {
    const from = this.states.findLastIndex((entry) => entry.at < at);
    const since = this.states.slice(Math.max(0, from));
    // While replication stalls, an older state is what a reader sees.
    return (this.wasStalledSince(at) ? this.states : since).map(({ state }) => state);
  }

  private lastStallAt = Number.NEGATIVE_INFINITY;

  private wasStalledSince(at: number): boolean {
    return this.store.stalled || this.lastStallAt >= at;
  }

  note(what: string): void {
    this.history.push(`${new Date(this.time.now).toISOString()} ${what}`);
  }

  violated(what: string): void {
    this.note(`VIOLATED ${what}`);
    this.violations.push(what);
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

  /** Sends a request to some replica. Every replica that lives must answer it in time. */
  call<R extends CallerRequest>(request: R, options: CallOptions = {}): Promise<OutcomeOf[R['kind']]> {
    const { waitMs = 0, leavesAfterMs, replica = this.pick(this.replicas), stream } = options;
    const caller = stream ?? new TestCaller();
    if (leavesAfterMs !== undefined) this.scheduler.after(leavesAfterMs, () => caller.leave());
    return new Promise((resolve, reject) => {
      const cancel = this.scheduler.after(SLACK_MS + waitMs, () => {
        if (replica.link.alive) this.violated(`${request.kind} got no answer in its time`);
        if (stream === undefined) caller.leave();
        reject(new GaveUp());
      });
      const answer =
        request.kind === 'acquire' && waitMs > 0
          ? replica.arbiter.acquireWaiting(BUDGET, request, waitMs, caller)
          : replica.arbiter.submit(BUDGET, request, caller);
      const told = (answer as Promise<OutcomeOf[R['kind']]>).then((outcome) => {
        const decidedOn = this.headSeenBy(replica);
        if (outcome.kind === 'denied') replica.denials.denied += 1;
        if (outcome.kind === 'granted' && outcome.wouldDeny !== undefined) replica.denials.wouldDeny += 1;
        if (outcome.kind === 'denied' && outcome.pacedOn !== undefined && decidedOn !== undefined)
          this.marks.owe(replica.copyId, replica.link.lastSent, decidedOn, outcome.pacedOn);
        return outcome;
      });
      told.then(resolve, reject).finally(cancel);
    });
  }

  /** Others may have deleted the budget since, and created it again. */
  private headSeenBy({ arbiter }: Replica): StoredState['head'] | undefined {
    const seen = arbiter['queues'].get(BUDGET)?.['machine'].committed;
    const isSeen = ({ head }: StoredState) => head.epoch === seen?.epoch && head.revision === seen.revision;
    return this.states.findLast(({ state }) => isSeen(state))?.state.head;
  }

  private mostBesideBefore = 0;

  /** So many commits of one replica were under way when another was sent, at most. */
  get mostBeside(): number {
    return Math.max(this.mostBesideBefore, ...this.replicas.map(({ link }) => link.mostBeside));
  }

  crashSomeReplica(): void {
    const at = Math.floor(this.random() * this.replicas.length);
    const replica = this.replicas[at];
    if (replica === undefined) return;
    this.note(`replica ${at} crashes`);
    replica.link.alive = false;
    this.mostBesideBefore = this.mostBeside;
    this.replicas[at] = this.startReplica();
  }

  disturbSomeClock(): void {
    const { clock } = this.pick(this.replicas);
    clock.wallErrorMs = this.pick([0, 0, 1_500, -1_500, 20_000, -20_000, 3 * 3_600_000]);
    this.note(`a wall clock is wrong by ${clock.wallErrorMs} ms`);
  }

  /** No deletion has begun since, and none was under way then. */
  sameEpoch(epochs: number): boolean {
    return this.epochs === epochs && epochs % 2 === 0;
  }

  /** The store's own clock is wrong. */
  misleadTime(ms: number): void {
    this.misledUntil = ms === 0 ? this.scheduler.now : Number.POSITIVE_INFINITY;
    this.time.storeErrorMs = ms;
    // Machines of one place follow one source of time: most are wrong together.
    for (const { clock } of this.replicas) if (ms === 0 || this.random() < 0.7) clock.wallErrorMs = ms;
  }

  /** A replica has just been started, its clock is wrong until somebody looks, and tidying is the first to believe it. */
  tidyByWrongClock(errorMs: number): void {
    const { link, clock } = this.pick(this.replicas);
    this.note(`tidying with a clock that is wrong by ${errorMs / 86_400_000} days`);
    const wrong: Clock = {
      read: () => {
        const { now, ...reading } = clock.clock.read();
        return { ...reading, now: now + errorMs };
      },
      monotonic: () => clock.clock.monotonic(),
      acceptStep: () => {},
    };
    const means = { store: link.store, clock: wrong, scheduler: this.scheduler, log: SILENT_LOG };
    void new Tidying({ ...means, retentionMonths: 1 }).look();
  }

  /** Machines slept, or nobody asked for long. */
  skip(ms: number): void {
    this.note(`${ms / 60_000} minutes pass`);
    this.time.skip(ms);
    for (const { clock } of this.replicas) void clock.clock.resample();
  }

  stall(): void {
    this.note('replication stalls');
    this.store.stall();
  }

  endStall(how: 'heal' | 'failOver'): void {
    if (how === 'heal') {
      this.note('replication catches up');
      this.store.heal();
    } else this.failOver();
    this.lastStallAt = this.scheduler.now;
  }

  failOver(lag: Lag = this.someLag()): void {
    const { writes, parts } = lag;
    this.note(`a fail-over loses what was not acknowledged; ${parts.join(', ')} lag by ${writes} writes`);
    this.store.failOver(lag);
    // What a fail-over lost never was: the state before it is in force again.
    const state = this.store.peekState(BUDGET);
    if (state !== undefined) this.states.push({ at: this.scheduler.now, state });
  }

  private someLag(): Lag {
    return {
      writes: Math.floor(this.random() * (MOST_LAG + 1)),
      parts: this.pick(LAGGING_PARTS),
      reads: 1 + Math.floor(this.random() ** 2 * 30),
      endsByWrite: this.random() < 0.5,
    };
  }

  storm(weather: Weather): void {
    this.weather = weather;
    this.sink.faults = weather.faults * 2;
    for (const { link } of this.replicas) link.weather = weather;
  }

  /** From now on nothing goes wrong any more. */
  calm(): void {
    this.note('calm');
    this.storm({ faults: 0, delayMs: 5 });
    this.misleadTime(0);
    this.store.heal();
    for (const { clock } of this.replicas) clock.wallErrorMs = 0;
  }
}

export interface CallOptions {
  readonly waitMs?: number;
  /** The caller goes away by then. */
  readonly leavesAfterMs?: number;
  readonly replica?: Replica;
  /** The session's stream that the call is made on. */
  readonly stream?: TestCaller;
}

/** What was presumed of leases that ended in this commit, by the id of their receipts. */
function presumedAtEnds(
  before: StoredState | undefined,
  { head, sections }: StoredState,
): Map<string, number> {
  const ended = new Map<string, number>();
  const late = new Map<number, number>();
  for (const { body, revision } of sections.outbox.values()) {
    if (body.kind !== 'usage' || !body.late || body.fence === undefined || revision !== head.revision)
      continue;
    late.set(body.fence, (late.get(body.fence) ?? 0) + body.chargedTokens);
  }
  for (const [id, { body }] of sections.outbox) {
    if (body.kind !== 'lease' || !before?.sections.leases.has(String(body.lease.fence))) continue;
    // Reported on in the same commit, it presumes less already.
    ended.set(id, body.presumed + (late.get(body.lease.fence) ?? 0));
  }
  return ended;
}
