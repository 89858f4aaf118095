import type { RecentDenials } from '../domain/denials/recent.js';
import type { StoredChange } from '../domain/model/changes.js';
import type {
  BudgetSnapshot,
  BudgetView,
  KnownChanges,
  OutcomeOf,
  Refused,
} from '../domain/model/outcomes.js';
import type { AcquireRequest } from '../domain/model/requests.js';
import type { UsageDay } from '../domain/model/state.js';
import type { LeaseView } from '../domain/model/types.js';
import type { Clock } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import { PROCESS_SCHEDULER, type Scheduler } from '../platform/scheduler.js';
import type { Tracing } from '../platform/tracing.js';
import { type BudgetStore, StoreError } from '../store/store.js';
import type { AlertDispatcher, DeliveryPort, DeliveryRequest } from './alert-dispatcher.js';
import { shuttingDown } from './answers.js';
import { BOUNDS, type Bounds } from './bounds.js';
import { BudgetQueue } from './budget-queue.js';
import { resettingClock } from './clock-step.js';
import type { Context, Counts } from './context.js';
import { listDenials, recentDenials } from './denial-listing.js';
import { DenialMemories } from './denial-memory.js';
import { DenialWriter } from './denial-writer.js';
import { askStore } from './failure.js';
import { ForeignDenials } from './foreign-denials.js';
import { changesBelow, closedLeases, listBudgets, usageDays } from './history.js';
import { type ArbiterObserver, UNOBSERVED } from './observer.js';
import { Sessions } from './open-sessions.js';
import { NOBODY, Pending } from './pending.js';
import {
  ArbiterError,
  type Caller,
  type CallerRequest,
  type DenialQuery,
  type Denials,
  type OpenSession,
  type ServicePort,
  type SessionRequest,
  type WatchUpdate,
} from './service-port.js';
import { Watches } from './watches.js';

const TICK_MS = 1_000;
/** What another replica has not done by then, this one does. */
const OVERDUE_MS = 1_000;
const DUE_AT_ONCE = 100;
/** Looking through all budgets for room costs as much as a thousand refusals. */
const MAKE_ROOM_MS = 100;
/** What is under way at shut-down is answered within this time; then what can be is written out. */
const STOP_MS = 4_000;

export interface ArbiterOptions {
  readonly store: BudgetStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly copyId: string;
  readonly maxSkewMs: number;
  readonly retentionMonths?: number;
  /** The moment up to which time has surely passed, whatever the clock says; absent: that of the clock. */
  readonly passed?: () => number;
  readonly scheduler?: Scheduler;
  readonly alerts?: AlertDispatcher;
  readonly bounds?: Partial<Bounds>;
  readonly observer?: ArbiterObserver;
  readonly tracing?: Tracing | undefined;
}

/** How much of one budget waits: requests to be decided, and those that were and stay for a slot. */
export interface BudgetLoad {
  readonly budgetId: string;
  readonly queued: number;
  readonly waiting: number;
}

/** Decides for every budget: one queue each, loaded when used, forgotten when idle. */
export class Arbiter implements ServicePort, DeliveryPort {
  private readonly queues = new Map<string, BudgetQueue>();
  private readonly watches: Watches;
  private readonly sessions: Sessions;
  private readonly context: Context;
  private readonly denialWriter: DenialWriter;
  // Made once: an error's stack costs more than all else about a refusal.
  private readonly queueFull: ArbiterError;
  private readonly budgetsFull: ArbiterError;
  private stopped = false;
  private lookingForDue = false;
  private madeRoomAt = Number.NEGATIVE_INFINITY;
  private seq = 0;
  private cancelTick: (() => void) | undefined;
  readonly counts: Counts = {
    commits: 0,
    committedRequests: 0,
    lostRaces: 0,
    unknownOutcomes: 0,
    waiters: 0,
    watchers: 0,
    sessions: 0,
  };

  constructor(options: ArbiterOptions) {
    const { store, clock, log, copyId, maxSkewMs, scheduler = PROCESS_SCHEDULER, alerts, bounds } = options;
    const { observer = UNOBSERVED, tracing, retentionMonths, passed } = options;
    const writer = writerName(copyId, clock);
    this.context = {
      ...{
        store,
        clock,
        passed,
        log,
        copyId,
        maxSkewMs,
        scheduler,
        alerts,
        counts: this.counts,
        observer,
        tracing,
      },
      bounds: { ...BOUNDS, ...bounds },
      retentionMonths,
      denied: new DenialMemories(writer),
      foreign: new ForeignDenials({ store, clock, log, ownWriter: writer }),
      streams: new Set(),
      nextSeq: () => ++this.seq,
      stopping: () => this.stopped,
    };
    this.denialWriter = new DenialWriter(this.context);
    const { queued, budgets } = this.context.bounds;
    this.queueFull = tooMany(`more than ${queued} requests of this budget are under way`, 100);
    this.sessions = new Sessions(this.context, (budgetId) => this.queue(budgetId).answers.sessionLeases);
    this.watches = new Watches(this.context, (budgetId) => this.queue(budgetId), this);
    this.budgetsFull = tooMany(`more than ${budgets} budgets are in use`, 1_000);
  }

  /** Begins to look after budgets that nobody asks for: expiries, days to close, what a crashed replica left behind. */
  start(): void {
    this.cancelTick = this.context.scheduler.after(TICK_MS, () => {
      // Whatever this tick meets, a store that hangs included, the next one comes.
      this.start();
      try {
        this.tick();
      } catch (error) {
        this.context.log.error({ err: error }, 'looking after the budgets went wrong');
      }
      void this.takeOverDue();
    });
  }

  submit<R extends CallerRequest>(
    budgetId: string,
    request: R,
    caller: Caller,
  ): Promise<OutcomeOf[R['kind']]> {
    const decide = () => this.enter(budgetId, request, 0, caller);
    type Answered = Promise<OutcomeOf[R['kind']]>;
    if (request.kind !== 'reset-clock') return decide() as Answered;
    const reset = decide as () => Promise<OutcomeOf['reset-clock']>;
    return resettingClock(this.context.clock, request, reset) as Promise<unknown> as Answered;
  }

  acquireWaiting(
    budgetId: string,
    request: AcquireRequest,
    waitMs: number,
    caller: Caller,
  ): Promise<OutcomeOf['acquire']> {
    return this.enter(budgetId, request, waitMs, caller) as Promise<OutcomeOf['acquire']>;
  }

  private enter(budgetId: string, request: CallerRequest, waitMs: number, caller: Caller): Promise<unknown> {
    if (this.stopped) return Promise.reject(shuttingDown());
    const { queued, budgets } = this.context.bounds;
    if (this.queues.size >= budgets && !this.queues.has(budgetId) && !this.makeRoom()) {
      return Promise.reject(this.budgetsFull);
    }
    const queue = this.queue(budgetId);
    if (queue.size >= queued) return Promise.reject(this.queueFull);
    return new Promise((resolve, reject) => {
      const now = this.context.clock.monotonic();
      const pending = new Pending(request, caller, now, { resolve, reject }, waitMs);
      pending.origin = this.context.tracing?.origin();
      queue.submit(pending);
    });
  }

  /** A request of the dispatcher's, also while stopping: what was sent is to be known as sent. */
  recordDeliveries(budgetId: string, request: DeliveryRequest): Promise<void> {
    return new Promise((resolve, reject) => {
      const now = this.context.clock.monotonic();
      const done = { resolve: () => resolve(), reject };
      this.queue(budgetId).submit(new Pending(request, NOBODY, now, done));
    });
  }

  /** Names of budgets that never were leave at once: who makes them up must not shut out those who ask for real ones. */
  private makeRoom(): boolean {
    const now = this.context.clock.monotonic();
    if (now - this.madeRoomAt < MAKE_ROOM_MS) return false;
    this.madeRoomAt = now;
    const watched = this.watches.budgets();
    for (const [budgetId, queue] of this.queues) {
      if (queue.neverWas && queue.idle && !watched.has(budgetId)) this.drop(budgetId, queue);
    }
    return this.queues.size < this.context.bounds.budgets;
  }

  private drop(budgetId: string, queue: BudgetQueue): void {
    queue.release();
    this.queues.delete(budgetId);
  }

  private queue(budgetId: string): BudgetQueue {
    const found = this.queues.get(budgetId);
    if (found !== undefined) return found;
    const made = new BudgetQueue(budgetId, this.context);
    this.queues.set(budgetId, made);
    return made;
  }

  openSession(request: SessionRequest, takenUp: () => void, caller: Caller): Promise<OpenSession | Refused> {
    const { aiId, ownAis, session } = request;
    return this.sessions.open(request, takenUp, caller, async (budgetId, onlyLook) => {
      const aiIds = aiId === undefined ? ownAis?.get(budgetId) : new Set([aiId]);
      const takeUp = { kind: 'take-up-session', aiIds, session, ...onlyLook } as const;
      const outcome = await this.submit(budgetId, takeUp, caller);
      return outcome.kind === 'refused' ? outcome : outcome.leases;
    });
  }

  usageDays(snapshot: BudgetSnapshot, from: string, to: string): Promise<UsageDay[]> {
    return askStore(() => usageDays(this.context.store, snapshot, from, to));
  }

  closedLeases(snapshot: BudgetSnapshot, afterFence: number, limit: number): Promise<LeaseView[]> {
    return askStore(() => closedLeases(this.context.store, snapshot, afterFence, limit));
  }

  changes(known: KnownChanges, below: number, limit: number): Promise<StoredChange[]> {
    return askStore(() => changesBelow(this.context.store, known, below, limit));
  }

  async denials(budgetId: string, query: DenialQuery, caller: Caller): Promise<Denials | Refused> {
    const outcome = await this.submit(budgetId, { kind: 'get-snapshot' }, caller);
    if (outcome.kind === 'refused') return outcome;
    return askStore(() => listDenials(this.context, outcome.snapshot, query));
  }

  async recentDenials({ budget, epoch }: BudgetSnapshot): Promise<RecentDenials> {
    await this.context.foreign.refresh();
    return recentDenials(this.context, budget.budgetId, epoch);
  }

  listBudgets(after: string, limit: number): Promise<BudgetView[]> {
    return askStore(() => listBudgets(this.context.store, after, limit));
  }

  async watch(
    budgetId: string,
    listener: (update: WatchUpdate) => void,
    afterRevision?: number,
  ): Promise<() => void> {
    if (this.stopped) throw shuttingDown();
    return this.watches.add(budgetId, listener, afterRevision);
  }

  private tick(): void {
    const now = this.context.clock.monotonic();
    const watched = this.watches.budgets();
    for (const [budgetId, queue] of this.queues) {
      queue.tick();
      const stays = now - queue.lastUsedAt < this.context.bounds.idleMs && !queue.neverWas;
      if (stays || watched.has(budgetId) || !queue.idle) continue;
      this.drop(budgetId, queue);
    }
    this.watches.tick();
    this.denialWriter.tick();
  }

  /** Budgets whose time has come and that nobody looked after, of this replica or of another. */
  private async takeOverDue(): Promise<void> {
    const { store, clock, scheduler, log } = this.context;
    const { now, trusted } = clock.read();
    if (!trusted || this.stopped || this.lookingForDue) return;
    this.lookingForDue = true;
    try {
      const overdueMs = store.exclusive ? 0 : OVERDUE_MS * (1 + scheduler.random());
      const due = await store.due(now - overdueMs, DUE_AT_ONCE);
      if (!this.stopped) for (const budgetId of due) this.queue(budgetId).ask({ kind: 'sweep' });
    } catch (error) {
      if (error instanceof StoreError) log.debug({ reason: error.message }, 'looking for due budgets failed');
      else log.error({ err: error }, 'looking for due budgets failed');
    }
    this.lookingForDue = false;
  }

  /** From now on nothing new is taken; those who wait for a slot are told so. */
  refuseNew(): void {
    this.stopped = true;
    for (const queue of this.queues.values()) queue.answers.refuseWaiters();
  }

  /** Answers what is under way, and writes everything out. */
  async stop(): Promise<void> {
    this.refuseNew();
    this.cancelTick?.();
    this.watches.close();
    await Promise.all([...this.queues.values()].map((queue) => queue.stop(STOP_MS)));
    await this.denialWriter.stop(STOP_MS);
  }

  /** Of every budget in memory, how much waits now. */
  load(): BudgetLoad[] {
    return [...this.queues].map(([budgetId, { size, waiters }]) => ({
      ...{ budgetId, queued: size, waiting: waiters.size },
    }));
  }

  /** Budgets in memory. */
  get size(): number {
    return this.queues.size;
  }
}

/** Also where a replica that starts again has the name of the one before, which has written denials of this hour. */
function writerName(copyId: string, clock: Clock): string {
  return `${copyId}-${clock.read().now.toString(36)}`;
}

function tooMany(what: string, retryAfterMs: number): ArbiterError {
  return new ArbiterError('QUEUE_FULL', `${what}; ask again shortly`, retryAfterMs);
}
