import { finish } from '../domain/finish.js';
import { wantedReceipts } from '../domain/leases/wanted-receipts.js';
import { Ledger } from '../domain/ledger/ledger.js';
import type { BudgetRequest } from '../domain/model/requests.js';
import type { StatePatch } from '../domain/model/state.js';
import { pause } from '../platform/scheduler.js';
import type { StateVersion } from '../store/store.js';
import { Answers } from './answers.js';
import { type Decided, decideBatch } from './batch.js';
import { commit } from './commit.js';
import { type Context, stampOf } from './context.js';
import { CopyTurns } from './copy-turns.js';
import { asCallerSees, isRefusal, logFailure } from './failure.js';
import { LastDays } from './last-days.js';
import { Lookups } from './lookups.js';
import type { BudgetObserver } from './observer.js';
import { Pending } from './pending.js';
import { ReadyList } from './ready-list.js';
import { StateReads } from './state-reads.js';
import { Sweeping } from './sweeping.js';
import { inBatchSpan } from './traces.js';
import { WaitingList } from './waiting-list.js';
import { Wake } from './wake.js';
import { TELL_WRITTEN, WriteOut } from './write-out.js';

/** A decision older than this at sending is made again: its time may be another hour's. */
const STALL_MS = 500;

/**
 * The requests of one budget: while a commit is in flight newcomers gather, and the next commit carries them all. At any time
 * one round is under way: load if need be, decide, commit or prove current, answer.
 */
export class BudgetQueue {
  private readonly ready = new ReadyList();
  /** Taken for the round under way, those included who wait for a slot and are tried in it. */
  private batch: readonly Pending[] = [];
  /** Grants to take back once the store answers again. */
  private undos: Pending[] = [];
  private ledger: Ledger | undefined;
  /** The last one, thrown away or not: good enough to guess what must be looked up. */
  private seen: Ledger | undefined;
  /** Rises with every loading: what was looked up for an older one is proved differently. */
  private lineage = 0;
  private committed: StateVersion = { epoch: 0, revision: 0 };
  private pumping = false;
  /** A commit is in flight: the ledger is ahead of the stored state. */
  private sending = false;
  private failed = false;
  private readonly reads: StateReads;
  readonly waiters = new WaitingList();
  readonly lookups: Lookups;
  readonly writeOut: WriteOut;
  private readonly lastDays: LastDays;
  private readonly sweeping = new Sweeping();
  readonly turns: CopyTurns;
  readonly answers: Answers;
  readonly observer: BudgetObserver;
  private readonly wake: Wake;
  lastUsedAt: number;

  constructor(
    readonly budgetId: string,
    private readonly context: Context,
  ) {
    const state = () => ({ version: this.committed, lineage: this.lineage });
    this.lookups = new Lookups(budgetId, context, state, (pending, error) => this.lookedUp(pending, error));
    this.writeOut = new WriteOut(context, budgetId, this.lookups);
    this.reads = new StateReads(context.store, budgetId);
    this.lastDays = new LastDays(context, this.writeOut);
    this.turns = new CopyTurns(context, budgetId);
    this.observer = context.observer.budget(budgetId);
    this.answers = new Answers(context, this);
    this.wake = new Wake(context, () => this.ask({ kind: 'sweep' }));
    this.lastUsedAt = context.clock.monotonic();
  }

  get size(): number {
    return this.ready.size + this.batch.length + this.lookups.size + this.lastDays.all().length;
  }

  submit(pending: Pending): void {
    this.lastUsedAt = pending.arrivedAt;
    // Against the state as it will be if the commit in flight wins; `decide` has the last word.
    const wanted = this.seen === undefined ? [] : wantedReceipts(this.seen, pending.request);
    if (wanted.length > 0) this.lookUp(pending, wanted, []);
    else this.enqueue(pending);
  }

  /** The arbiter's own request. */
  ask(request: BudgetRequest): void {
    if (request.kind !== 'undo-grant' && this.ready.hasOwn(request.kind)) return;
    this.enqueue(Pending.own(request, this.context.clock.monotonic()));
  }

  private enqueue(pending: Pending): void {
    this.ready.add(pending);
    if (this.pumping) return;
    this.pumping = true;
    this.context.scheduler.soon(() => void this.pump());
  }

  private async pump(): Promise<void> {
    while (this.ready.size > 0) {
      try {
        await this.round();
      } catch (error) {
        this.roundFailed(error);
      }
      this.batch = [];
      await new Promise<void>((resolve) => this.context.scheduler.soon(resolve));
    }
    this.pumping = false;
    // Without a ledger nobody knows what is due; those who wait must not be left to the next request.
    if (this.ledger === undefined) this.wake.retry();
    else this.wake.plan(this.ledger, this.waiters, !this.context.store.exclusive);
  }

  private async round(): Promise<void> {
    const { alone } = this.ready;
    // Taken before the loading is sent: so a loading that is current proves to these that their ledger is.
    this.batch = this.takeBatch();
    await inBatchSpan(this.context, this.budgetId, this.batch, () => this.decideTaken(alone));
  }

  private async decideTaken(alone: boolean): Promise<void> {
    const { ledger, isCurrent } =
      this.ledger === undefined ? await this.load() : { ledger: this.ledger, isCurrent: false };
    const { batch, lineage } = this;
    const restrained = this.sweeping.restrain(ledger, batch);
    const decided = decideBatch(this.context, this, ledger, { batch, lineage, alone, restrained });
    this.batch = decided.answers.map(({ pending }) => pending);
    this.ready.addFirst(decided.left);
    if (decided.failed) return this.decideAgain();
    const seq = this.context.nextSeq();
    const stamp = stampOf(this.context, this.budgetId, seq, restrained);
    const patch = finish(ledger, stamp, decided.housekeeping);
    if (patch === undefined) return this.answerUnwritten(decided, isCurrent);
    if (this.context.clock.monotonic() - decided.at > STALL_MS) return this.decideAgain();
    await this.commit(ledger, patch, seq, decided);
  }

  private async load(): Promise<{ readonly ledger: Ledger; readonly isCurrent: boolean }> {
    const { stored, isCurrent } = await this.reads.load();
    const ledger = Ledger.of(this.budgetId, stored);
    if (stored === undefined) ledger.beginAbove((await this.context.store.readTidyMark())?.numbers);
    this.ledger = ledger;
    this.seen = ledger;
    this.turns.loaded(ledger);
    this.lineage += 1;
    this.committed = { epoch: ledger.epoch, revision: ledger.revision };
    this.answers.denied.ofEpoch(ledger.epoch);
    this.writeOut.loaded(ledger);
    if (this.failed) this.context.log.info({ budget: this.budgetId }, 'the store answers again');
    this.failed = false;
    this.ready.add(...this.undos.splice(0));
    return { ledger, isCurrent };
  }

  private takeBatch(): Pending[] {
    const taken = this.ready.takeBatch(this.context.bounds.batch, this.sweeping.apart);
    for (const pending of taken) if (pending.abandoned) this.answers.dismiss(pending);
    return taken.filter((pending) => !pending.answered);
  }

  /** Answers that no commit carries need a ledger that is current: a read that was sent after the requests arrived. */
  private async answerUnwritten(decided: Decided, isCurrent: boolean): Promise<void> {
    const proved = isCurrent || this.context.store.exclusive || (await this.reads.isCurrent(this.committed));
    return proved ? this.give(decided) : this.decideAgain();
  }

  private async commit(ledger: Ledger, patch: StatePatch, seq: number, decided: Decided): Promise<void> {
    const expected = this.committed.revision === 0 ? undefined : this.committed;
    this.sending = true;
    const sentAt = this.context.clock.monotonic();
    const one = { expected, patch, seq, sendBy: decided.at + STALL_MS };
    const { result, settled } = await commit(this.context, this.budgetId, one).finally(() => {
      this.sending = false;
    });
    if (settled) this.reads.doubt();
    if (result === 'lost') {
      this.observer.lostRace();
      this.decideAgain();
      return this.turns.lost();
    }
    this.observer.committed(this.context.clock.monotonic() - sentAt);
    this.committed = { epoch: ledger.epoch, revision: ledger.revision };
    this.reads.saw(this.committed);
    this.answers.denied.ofEpoch(ledger.epoch);
    this.context.counts.commits += 1;
    this.context.counts.committedRequests += decided.answers.length;
    this.writeOut.committed(ledger, patch);
    this.answers.announce(ledger.takeEvents(), decided.answers, ledger.revision);
    this.give(decided);
    const left = await this.turns.won(ledger.revision);
    // Found by looking, or another copy was left a turn: it may have committed since.
    if (settled || (left && this.ready.size > 0)) this.ledger = undefined;
  }

  private give({ at, answers, drops }: Decided): void {
    if (this.ledger !== undefined && this.sweeping.done(this.ledger, this.batch)) this.ask({ kind: 'sweep' });
    if (drops !== undefined) this.writeOut.told(drops);
    this.observer.batch(answers.length);
    const ageMs = this.context.clock.monotonic() - at;
    for (const answer of answers) this.answers.give(answer, ageMs);
  }

  /** Throws the ledger away; the batch is decided again, before those that came later. Waiters are tried in any round. */
  private decideAgain(): void {
    this.ledger = undefined;
    this.ready.addFirst(this.batch.filter((pending) => !this.waiters.has(pending)));
    this.batch = [];
  }

  private roundFailed(error: unknown): void {
    const { batch } = this;
    if (isRefusal(error) && (batch.length > 1 || this.sweeping.refused(batch))) {
      this.ready.oneAtATime(batch.length);
      // One at a time and those who waited with them: each of them may be the guilty one.
      for (const pending of batch) this.answers.leave(pending);
      this.decideAgain();
      if (batch.length === 1) this.ready.sweepFirst(this.context.clock.monotonic());
      return;
    }
    logFailure(this.context.log, this.budgetId, error, this.failed);
    this.ledger = undefined;
    if (isRefusal(error)) {
      for (const pending of batch) this.answers.fail(pending, asCallerSees(error));
      return;
    }
    this.failed = true;
    for (const pending of [...batch, ...this.ready.takeAll()]) {
      if (pending.request.kind === 'undo-grant') this.undos.push(pending);
      else if (!this.waiters.has(pending)) this.answers.fail(pending, asCallerSees(error));
    }
    this.wake.retry();
  }

  /** What is not known yet and must be looked up; the request comes back with it. */
  lookUp(pending: Pending, receiptIds: readonly string[], days: readonly string[]): void {
    pending.lookingUp = true;
    this.lookups.ask(pending, receiptIds, days);
  }

  private lookedUp(pending: Pending, error: unknown): void {
    pending.lookingUp = false;
    if (error === undefined) this.enqueue(pending);
    else if (this.waiters.has(pending)) {
      this.waiters.tryAgain();
      this.wake.retry();
    } else this.answers.fail(pending, asCallerSees(error));
  }

  /** A deleted budget begins again only when its last days are written out. */
  async writeOutFirst(pending: Pending): Promise<void> {
    const error = await this.lastDays.write(pending, this.failed);
    this.ledger = undefined;
    this.lookedUp(pending, error);
  }

  /** Once a second: what is too old is answered, what is written is told to the state. */
  tick(): void {
    this.expire(this.context.clock.monotonic());
    if (this.sending || this.ledger === undefined) return;
    this.writeOut.tick(this.ledger);
    if (this.pumping) return;
    if (this.writeOut.drops(this.ledger) !== undefined) this.ask(TELL_WRITTEN);
    this.wake.plan(this.ledger, this.waiters, !this.context.store.exclusive);
  }

  private expire(now: number): void {
    const underWay = [...this.ready.all(), ...this.batch, ...this.lookups.underWay(), ...this.lastDays.all()];
    this.answers.expire([...underWay, ...this.waiters.all()], now);
    for (const pending of this.ready.takeAnswered()) this.answers.dismiss(pending);
  }

  /** Nobody needs it in memory. */
  get idle(): boolean {
    if (this.pumping || this.size > 0 || this.waiters.size > 0 || this.undos.length > 0) return false;
    if (!this.answers.sessionLeases.idle) return false;
    return this.ledger === undefined || this.writeOut.idle(this.ledger);
  }

  /** Somebody asked for a budget that never was: such names must not fill the memory. */
  get neverWas(): boolean {
    return this.ledger?.revision === 0;
  }

  /** Answers what it can within `mostMs`, then writes everything out, within as much time again. */
  async stop(mostMs: number): Promise<void> {
    this.answers.refuseWaiters();
    const { clock, scheduler } = this.context;
    const until = clock.monotonic() + mostMs;
    const busy = () => this.pumping || this.lookups.size > 0 || this.lastDays.all().length > 0;
    while (busy() && clock.monotonic() < until) await pause(scheduler, 5);
    this.release();
    this.expire(Number.POSITIVE_INFINITY);
    if (this.lineage > 0)
      await Promise.race([this.writeOut.flushStored(this.failed), pause(scheduler, mostMs)]);
  }

  release(): void {
    this.wake.stop();
    this.answers.sessionLeases.stop();
  }
}
