import { finish } from '../domain/finish.js';
import { wantedReceipts } from '../domain/leases/wanted-receipts.js';
import { Ledger } from '../domain/ledger/ledger.js';
import type { Denied } from '../domain/model/outcomes.js';
import type { BudgetRequest } from '../domain/model/requests.js';
import { pause } from '../platform/scheduler.js';
import type { StateVersion } from '../store/store.js';
import { Answers } from './answers.js';
import { backoffMs } from './backoff.js';
import { type DecidingParts, decideBatch } from './batch.js';
import { type CommitResult, CommitsUnderWay, commit } from './commit.js';
import { type Context, stampOf } from './context.js';
import { DenialRate } from './denial-rate.js';
import { logLostRace } from './event-log.js';
import { asCallerSees, isRefusal, logFailure } from './failure.js';
import { LastDays } from './last-days.js';
import { Lookups } from './lookups.js';
import type { BudgetObserver } from './observer.js';
import { PacedRefusals } from './paced-refusals.js';
import { Pending } from './pending.js';
import type { Decided, Effect, QueueEvent, ToCommit, ToDecide } from './queue-events.js';
import { QueueMachine } from './queue-machine.js';
import { RACING_MS } from './replica-yield.js';
import { StateReads } from './state-reads.js';
import { RoundSpan } from './traces.js';
import type { WaitingList } from './waiting-list.js';
import { Wake } from './wake.js';
import { TELL_WRITTEN, WriteOut } from './write-out.js';

const LOST_RACE_MS = 50;

/**
 * Runs one budget: carries out what its machine wants done (`queue-machine.ts`, which is drawn there), and tells it what came of
 * that. While a commit is in flight newcomers gather, and the next commit carries them all.
 */
export class BudgetQueue {
  private readonly machine: QueueMachine<Ledger>;
  private readonly reads: StateReads;
  private readonly lookups: Lookups;
  private readonly writeOut: WriteOut;
  private readonly refusals = new PacedRefusals();
  private readonly lastDays: LastDays;
  private readonly denialRate: DenialRate;
  private readonly wake: Wake;
  private readonly span: RoundSpan;
  private readonly deciding: DecidingParts;
  private readonly observer: BudgetObserver;
  /** Commits that were sent, and whose outcome is not known. */
  private readonly underWay: CommitsUnderWay;
  readonly answers: Answers;
  lastUsedAt: number;

  constructor(
    private readonly budgetId: string,
    private readonly context: Context,
  ) {
    const { store, bounds, clock } = context;
    this.machine = new QueueMachine({ mostAtOnce: bounds.batch, exclusive: store.exclusive });
    const { waiters, yielding } = this.machine;
    const state = () => ({ version: this.machine.committed, lineage: this.machine.lineage });
    this.lookups = new Lookups(budgetId, context, state, (pending, error) =>
      this.tell({ kind: 'looked-up', pending, error }),
    );
    this.writeOut = new WriteOut(context, budgetId, this.lookups);
    const { lookups, writeOut, refusals } = this;
    this.deciding = { budgetId, waiters, yielding, lookups, writeOut, refusals };
    this.reads = new StateReads(store, budgetId);
    this.lastDays = new LastDays(context, this.writeOut);
    this.denialRate = new DenialRate(context, budgetId);
    this.observer = context.observer.budget(budgetId);
    this.answers = new Answers(context, {
      budgetId,
      waiters,
      lookups,
      observer: this.observer,
      submit: (pending) => this.submit(pending),
      ask: (request) => this.ask(request),
      isKnownAi: (aiId) => this.machine.lastLedger?.tables.ais.get(aiId) !== undefined,
    });
    this.wake = new Wake(context, () => this.ask({ kind: 'sweep' }));
    this.span = new RoundSpan(context);
    this.underWay = new CommitsUnderWay(() => this.tell({ kind: 'doubted' }));
    this.lastUsedAt = clock.monotonic();
  }

  get waiters(): WaitingList {
    return this.machine.waiters;
  }

  get size(): number {
    const { ready, taken } = this.machine;
    return ready.size + taken + this.lookups.size + this.lastDays.all().length;
  }

  submit(pending: Pending): void {
    this.lastUsedAt = pending.arrivedAt;
    // Against the state as it will be if the commit in flight wins; `decide` has the last word.
    const { lastLedger } = this.machine;
    const wanted = lastLedger === undefined ? [] : wantedReceipts(lastLedger, pending.request);
    this.tell({ kind: 'submitted', pending, wanted });
  }

  /** The arbiter's own request. */
  ask(request: BudgetRequest): void {
    this.tell({ kind: 'asked', pending: Pending.own(request, this.now()) });
  }

  private now(): number {
    return this.context.clock.monotonic();
  }

  /** Of what comes from outside the round under way. */
  private tell(event: QueueEvent<Ledger>): void {
    for (const effect of this.machine.step(event)) this.carryOut(effect);
  }

  /** Of what comes of the round under way: whatever goes wrong is a failure of this round. */
  private goOn(next: () => QueueEvent<Ledger>): void {
    try {
      this.tell(next());
    } catch (error) {
      this.roundFailed(error);
    }
  }

  private roundFailed(error: unknown): void {
    this.span.end(error);
    this.tell({ kind: 'failed', error, refused: isRefusal(error), now: this.now() });
  }

  private follow(work: Promise<QueueEvent<Ledger>>): void {
    work.then(
      (event) => this.goOn(() => event),
      (error) => this.roundFailed(error),
    );
  }

  private carryOut(effect: Effect<Ledger>): void {
    switch (effect.do) {
      case 'gather':
        this.span.end();
        this.context.scheduler.soon(() => this.goOn(() => ({ kind: 'gathered', now: this.now() })));
        break;
      case 'begin':
        this.span.begin(this.budgetId, effect.batch, () => this.begin(effect.first));
        break;
      case 'load':
        this.follow(this.load());
        break;
      case 'decide':
        this.tell(this.decide(effect.toDecide));
        break;
      case 'prove':
        this.follow(this.prove(effect.version));
        break;
      case 'commit':
        this.commit(effect.commit);
        break;
      case 'publish':
        this.publish(effect);
        break;
      case 'answer':
        this.answer(effect.decided);
        break;
      case 'rest':
        this.follow(this.rest(effect));
        break;
      default:
        this.carryOutBeside(effect);
    }
  }

  /** What the round does not wait for. */
  private carryOutBeside(effect: Exclude<Effect<Ledger>, { do: RoundEffect }>): void {
    switch (effect.do) {
      case 'look-up':
        this.lookups.ask(effect.search);
        break;
      case 'write-last-days':
        void this.writeLastDays(effect.pending);
        break;
      case 'fail':
        this.answers.fail(effect.pending, asCallerSees(effect.error));
        break;
      case 'dismiss':
        this.answers.dismiss(effect.pending);
        break;
      case 'stop-waiting':
        this.answers.leave(effect.pending);
        break;
      case 'log-failure':
        logFailure(this.context.log, this.budgetId, effect.error, effect.again);
        break;
      case 'log-recovery':
        this.context.log.info({ budget: this.budgetId }, 'the store answers again');
        break;
      case 'write-out':
        this.writeOut.tick(effect.ledger);
        break;
      case 'tell-written':
        if (this.writeOut.isWorthACommit(effect.ledger)) this.ask(TELL_WRITTEN);
        break;
      case 'wake-when-due':
        this.wake.plan(effect.ledger, this.waiters, !this.context.store.exclusive);
        break;
      case 'wake-to-retry':
        this.wake.retry();
        break;
      default:
        effect satisfies never;
    }
  }

  private begin(first: Effect<Ledger>): void {
    try {
      this.carryOut(first);
    } catch (error) {
      this.roundFailed(error);
    }
  }

  private async load(): Promise<QueueEvent<Ledger>> {
    const { store, copyId } = this.context;
    const { stored, isCurrent } = await this.reads.load();
    const ledger = Ledger.of(this.budgetId, stored);
    if (stored === undefined) ledger.beginAbove((await store.readTidyMark())?.numbers);
    this.answers.denied.ofEpoch(ledger.epoch);
    this.writeOut.loaded(ledger);
    const rivals = [...ledger.tables.writers.entries()].filter(
      ([id, { at }]) => id !== copyId && ledger.clock - at < RACING_MS,
    ).length;
    return { kind: 'loaded', ledger, isCurrent, rivals, now: this.now() };
  }

  private decide(toDecide: ToDecide<Ledger>): QueueEvent<Ledger> {
    const { context, budgetId } = this;
    const { ledger, restraint } = toDecide;
    const decided = decideBatch(context, this.deciding, toDecide);
    const seq = context.nextSeq();
    const stamp = stampOf(context, budgetId, seq, restraint.restrained);
    const patch = decided.failed ? undefined : finish(ledger, stamp, decided.housekeeping);
    const events = patch === undefined ? [] : ledger.takeEvents();
    const toClose = ledger.slots.waiting;
    return { kind: 'decided', decided, patch, events, seq, toClose, now: this.now() };
  }

  /** Answers that no commit carries need a ledger that is current: a read that was sent after the requests arrived. */
  private async prove(version: StateVersion): Promise<QueueEvent<Ledger>> {
    return { kind: 'proved', isCurrent: await this.reads.isCurrent(version), now: this.now() };
  }

  private commit(one: ToCommit<Ledger>): void {
    try {
      const sentAt = this.now();
      // Not awaited in a function of its own: a promise more would be one more for every call.
      commit(this.context, this.budgetId, one, this.underWay).then(
        (found) => this.goOn(() => this.committed(one, found, sentAt)),
        (error) => this.commitFailed(one, error),
      );
    } catch (error) {
      this.commitFailed(one, error);
    }
  }

  private commitFailed(commit: ToCommit<Ledger>, error: unknown): void {
    this.span.end(error);
    this.tell({ kind: 'failed', commit, error, refused: isRefusal(error), now: this.now() });
  }

  private committed(
    one: ToCommit<Ledger>,
    { result, looked }: CommitResult,
    sentAt: number,
  ): QueueEvent<Ledger> {
    const now = this.now();
    if (looked) this.reads.doubt();
    if (result === 'won') {
      this.observer.committed(now - sentAt);
      this.reads.saw(one.becomes);
    } else this.observer.lostRace();
    return { kind: 'committed', commit: one, result, looked, now };
  }

  private publish({ commit, stored }: Extract<Effect<Ledger>, { do: 'publish' }>): void {
    const { counts } = this.context;
    const { patch, events, decided, becomes } = commit;
    counts.commits += 1;
    counts.committedRequests += decided.answers.length;
    this.answers.denied.ofEpoch(becomes.epoch);
    this.writeOut.committed(patch, stored);
    this.answers.announce(events, decided.answers, becomes.revision);
  }

  private answer({ at, answers, drops, marks }: Decided): void {
    if (marks !== undefined) this.refusals.marked(marks);
    if (drops !== undefined) this.writeOut.told(drops);
    this.observer.batch(answers.length);
    const ageMs = this.now() - at;
    for (const answer of answers) {
      if (answer.outcome.kind === 'denied') this.noteRefusal(answer.outcome);
      this.answers.give(answer, ageMs);
    }
    this.tell({ kind: 'answered', now: this.now() });
  }

  private noteRefusal({ pacedOn }: Denied): void {
    if (pacedOn !== undefined) this.refusals.note(this.machine.committed.epoch, pacedOn);
  }

  private async rest(effect: Extract<Effect<Ledger>, { do: 'rest' }>): Promise<QueueEvent<Ledger>> {
    const { scheduler, log, counts } = this.context;
    if ('lostInRow' in effect) {
      const { lostInRow } = effect;
      counts.lostRaces += 1;
      // Two that raced must not race again in step.
      const waitMs = backoffMs(scheduler, lostInRow, LOST_RACE_MS);
      logLostRace(log, this.budgetId, lostInRow, Math.round(waitMs));
      await pause(scheduler, waitMs);
    } else {
      // Twice: they load first.
      await pause(scheduler, Math.ceil(effect.yieldMs * (2 + scheduler.random() / 2)));
    }
    return { kind: 'rested' };
  }

  /** A deleted budget begins again only when its last days are written out. */
  private async writeLastDays(pending: Pending): Promise<void> {
    const error = await this.lastDays.write(pending, this.machine.storeFails);
    this.tell({ kind: 'last-days-written', pending, error });
  }

  /** Once a second: what is too old is answered, what is written is told to the state. */
  tick(): void {
    this.expire(this.now());
    this.tell({ kind: 'tick' });
    const report = this.denialRate.report(this.machine.lastLedger);
    if (report !== undefined) this.ask(report);
  }

  private expire(now: number): void {
    const { ready, batch, waiters } = this.machine;
    const away = [...this.lookups.underWay(), ...this.lastDays.all()];
    this.answers.expire([...ready.all(), ...batch, ...away, ...waiters.all()], now);
  }

  /** Nobody needs it in memory. */
  get idle(): boolean {
    const { machine } = this;
    // What is to be marked goes with the next commit, at the end of the day at the latest.
    if (this.refusals.size > 0) return false;
    if (!machine.isForgettable || this.size > 0 || !this.answers.sessionLeases.idle) return false;
    return machine.ledger === undefined || this.writeOut.idle(machine.ledger);
  }

  /** Somebody asked for a budget that never was: such names must not fill the memory. */
  get neverWas(): boolean {
    return this.machine.ledger?.revision === 0;
  }

  /** Answers what it can within `mostMs`, then writes everything out, within as much time again. */
  async stop(mostMs: number): Promise<void> {
    this.answers.refuseWaiters();
    const { clock, scheduler } = this.context;
    const { machine } = this;
    const until = clock.monotonic() + mostMs;
    const busy = () => !machine.isIdle || this.lookups.size > 0 || this.lastDays.all().length > 0;
    while (busy() && clock.monotonic() < until) await pause(scheduler, 5);
    this.release();
    this.expire(Number.POSITIVE_INFINITY);
    if (machine.lineage > 0)
      await Promise.race([this.writeOut.flushStored(machine.storeFails), pause(scheduler, mostMs)]);
  }

  release(): void {
    this.wake.stop();
    this.answers.sessionLeases.stop();
  }
}

type RoundEffect =
  | 'gather'
  | 'begin'
  | 'load'
  | 'decide'
  | 'prove'
  | 'commit'
  | 'publish'
  | 'answer'
  | 'rest';
