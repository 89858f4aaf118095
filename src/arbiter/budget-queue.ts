import { finish } from '../domain/finish.js';
import { Ledger, NewerFormatError } from '../domain/ledger.js';
import type { BudgetRequest, DropWrittenRequest } from '../domain/requests.js';
import type { StatePatch } from '../domain/state.js';
import { wantedReceipts } from '../domain/wanted-receipts.js';
import { pause } from '../platform/scheduler.js';
import { StoreError, type StateVersion } from '../store/store.js';
import { Answers } from './answers.js';
import { backoffMs } from './backoff.js';
import { type Answer, decideBatch } from './batch.js';
import { commit } from './commit.js';
import type { Context } from './context.js';
import { ArbiterError } from './door.js';
import { logLostRace } from './event-log.js';
import { Lookups } from './lookups.js';
import { NOBODY, Pending } from './pending.js';
import { Wake } from './wake.js';
import { WriteOut } from './write-out.js';
import { WaitingList } from './waiting-list.js';

/** A decision older than this at sending is made again: its time may be another hour's. */
const STALL_MS = 500;
const LOST_RACE_MS = 50;
/** Makes a round of its own for what `WriteOut` has to tell the state. */
const TELL_WRITTEN: DropWrittenRequest = { kind: 'drop-written', receipts: new Map(), days: new Map() };

/**
 * The requests of one budget: while a commit is in flight newcomers gather, and the next commit carries them all. At any time
 * one round is under way: load if need be, decide, commit or prove current, answer.
 */
export class BudgetQueue {
  private ready: Pending[] = [];
  /** Decided, and not yet committed. */
  private inFlight: readonly Answer[] = [];
  private ledger: Ledger | undefined;
  /** Rises with every loading: what was looked up for an older one is proved differently. */
  private lineage = 0;
  private committed: StateVersion = { epoch: 0, revision: 0 };
  private pumping = false;
  private lostInRow = 0;
  /** So many batches of one request each, to find out which one the store refuses. */
  private singles = 0;
  private failed = false;
  readonly waiters = new WaitingList();
  readonly lookups: Lookups;
  readonly writeOut: WriteOut;
  readonly answers: Answers;
  private readonly wake: Wake;
  lastUsedAt: number;

  constructor(
    readonly budgetId: string,
    private readonly context: Context,
  ) {
    const state = () => ({ version: this.committed, lineage: this.lineage });
    this.lookups = new Lookups(budgetId, context.store, state, (pending, error) => this.lookedUp(pending, error));
    this.writeOut = new WriteOut(context, budgetId, this.lookups);
    this.answers = new Answers(context, this);
    this.wake = new Wake(context, () => this.ask({ kind: 'sweep' }));
    this.lastUsedAt = context.clock.monotonic();
  }

  get size(): number {
    return this.ready.length + this.inFlight.length + this.lookups.size;
  }

  submit(pending: Pending): void {
    this.lastUsedAt = pending.arrivedAt;
    // Against the state as it will be if the commit in flight wins; `decide` has the last word.
    const wanted = this.ledger === undefined ? [] : wantedReceipts(this.ledger, pending.request);
    if (wanted.length > 0) this.lookups.ask(pending, wanted, []);
    else this.enqueue(pending);
  }

  /** The arbiter's own request. */
  ask(request: BudgetRequest): void {
    const same = (pending: Pending) => pending.caller === NOBODY && pending.request.kind === request.kind;
    if (request.kind !== 'undo-grant' && this.ready.some(same)) return;
    const settle = { resolve: () => {}, reject: () => {} };
    this.enqueue(new Pending(request, NOBODY, this.context.clock.monotonic(), settle));
  }

  private enqueue(pending: Pending): void {
    this.ready.push(pending);
    if (this.pumping) return;
    this.pumping = true;
    this.context.scheduler.soon(() => void this.pump());
  }

  private lookedUp(pending: Pending, error: unknown): void {
    if (error === undefined) this.enqueue(pending);
    else pending.reject(unavailable(error));
  }

  private async pump(): Promise<void> {
    while (this.ready.length > 0) {
      try {
        await this.round();
      } catch (error) {
        this.roundFailed(error);
      }
      this.inFlight = [];
      await new Promise<void>((resolve) => this.context.scheduler.soon(resolve));
    }
    this.pumping = false;
    if (this.ledger !== undefined) this.wake.plan(this.ledger, this.waiters, !this.context.store.exclusive);
  }

  private async round(): Promise<void> {
    const ledger = this.ledger ?? (await this.load());
    const batch = this.takeBatch();
    const decidedAt = this.context.clock.monotonic();
    const drops = this.writeOut.drops();
    const decided = decideBatch(this.context, this, ledger, batch, drops, this.lineage);
    this.inFlight = decided.answers;
    if (decided.failure !== undefined) return this.decideAgain();
    const seq = this.context.nextSeq();
    const patch = finish(ledger, { copyId: this.context.copyId, seq }, decided.housekeeping);
    if (patch === undefined) return this.answerUnwritten();
    if (this.context.clock.monotonic() - decidedAt > STALL_MS) return this.decideAgain();
    await this.commit(ledger, patch, seq, decided.drops);
  }

  private async load(): Promise<Ledger> {
    const stored = await this.context.store.load(this.budgetId);
    const ledger = Ledger.of(this.budgetId, stored);
    this.ledger = ledger;
    this.lineage += 1;
    this.committed = { epoch: ledger.epoch, revision: ledger.revision };
    this.writeOut.loaded(ledger);
    if (this.failed) this.context.log.info({ budget: this.budgetId }, 'the store answers again');
    this.failed = false;
    return ledger;
  }

  private takeBatch(): Pending[] {
    const size = this.singles > 0 ? 1 : this.context.bounds.batch;
    this.singles = Math.max(0, this.singles - 1);
    const taken = this.ready.splice(0, size);
    const wanted = taken.filter((pending) => !pending.abandoned);
    for (const pending of taken) {
      if (!pending.abandoned) continue;
      this.lookups.release(pending);
      pending.cancel();
    }
    return wanted;
  }

  /** Answers that no commit carries need a ledger that is current: a read that was sent after the requests arrived. */
  private async answerUnwritten(): Promise<void> {
    if (!this.context.store.exclusive) {
      const version = (await this.context.store.version(this.budgetId)) ?? { epoch: 0, revision: 0 };
      const { epoch, revision } = this.committed;
      if (version.epoch !== epoch || version.revision !== revision) return this.decideAgain();
    }
    for (const answer of this.inFlight) this.answers.give(answer);
  }

  private async commit(
    ledger: Ledger,
    patch: StatePatch,
    seq: number,
    drops: DropWrittenRequest | undefined,
  ): Promise<void> {
    const expected = this.committed.revision === 0 ? undefined : this.committed;
    const { result, settled } = await commit(this.context, this.budgetId, expected, patch, seq);
    if (result === 'lost') return this.lostRace();
    this.lostInRow = 0;
    this.committed = { epoch: ledger.epoch, revision: ledger.revision };
    this.context.counts.commits += 1;
    if (drops !== undefined) this.writeOut.told(drops);
    this.writeOut.committed(ledger, patch);
    this.answers.announce(ledger.takeEvents());
    this.context.counts.committedRequests += this.inFlight.length;
    for (const answer of this.inFlight) this.answers.give(answer);
    // Found by looking: another copy may have committed since.
    if (settled) this.ledger = undefined;
  }

  private async lostRace(): Promise<void> {
    this.lostInRow += 1;
    this.context.counts.lostRaces += 1;
    this.decideAgain();
    const waitMs = backoffMs(this.context.scheduler, this.lostInRow, LOST_RACE_MS);
    logLostRace(this.context.log, this.budgetId, this.lostInRow, Math.round(waitMs));
    await pause(this.context.scheduler, waitMs);
  }

  /** Throws the ledger away; the batch is decided again, before those that came later. */
  private decideAgain(): void {
    this.requeue();
  }

  private requeue(): number {
    this.ledger = undefined;
    const again = this.inFlight.map(({ pending }) => pending).filter((pending) => !this.waiters.has(pending));
    this.inFlight = [];
    this.ready = [...again, ...this.ready];
    return again.length;
  }

  private roundFailed(error: unknown): void {
    const batch = this.requeue();
    const refusedByStore = error instanceof StoreError && error.failure === 'refused';
    if (refusedByStore && batch > 1) {
      this.singles = batch;
      return;
    }
    this.logFailure(error);
    this.failed = true;
    for (const pending of this.ready.splice(0, refusedByStore ? batch : this.ready.length)) {
      this.lookups.release(pending);
      pending.reject(unavailable(error));
    }
    this.wake.retry();
  }

  private logFailure(error: unknown): void {
    const fields = { budget: this.budgetId };
    if (!(error instanceof StoreError) && !(error instanceof NewerFormatError)) {
      this.context.log.error({ ...fields, err: error }, 'a round of decisions failed');
    } else if (!this.failed) {
      this.context.log.warn({ ...fields, reason: error.message }, 'the store does not answer');
    }
  }

  /** What `decide` did not know and must be looked up; the request comes back with it. */
  lookUp(pending: Pending, receiptIds: readonly string[], days: readonly string[]): void {
    this.lookups.ask(pending, receiptIds, days);
  }

  /** A deleted budget begins again only when its last days are written out. */
  writeOutFirst(pending: Pending, ledger: Ledger): void {
    void this.writeOut.flush(ledger).then(() => {
      this.ledger = undefined;
      this.enqueue(pending);
    });
  }

  /** Once a second: what is too old is answered, what is written is told to the state. */
  tick(now: number): void {
    this.answers.expire([...this.ready, ...this.inFlight.map(({ pending }) => pending)], now);
    if (this.pumping || this.ledger === undefined) return;
    this.writeOut.tick(this.ledger);
    if (this.writeOut.drops() !== undefined) this.ask(TELL_WRITTEN);
    this.wake.plan(this.ledger, this.waiters, !this.context.store.exclusive);
  }

  /** Nobody needs it in memory. */
  get idle(): boolean {
    if (this.pumping || this.size > 0 || this.waiters.size > 0) return false;
    return this.ledger === undefined || this.writeOut.idle(this.ledger);
  }

  get live(): Ledger | undefined {
    return this.ledger;
  }

  /** Answers what it can, then writes everything out. */
  async stop(): Promise<void> {
    this.answers.refuseWaiters();
    while (this.pumping || this.lookups.size > 0) await pause(this.context.scheduler, 5);
    this.wake.stop();
    if (this.ledger !== undefined) await this.writeOut.flush(this.ledger);
  }

  release(): void {
    this.wake.stop();
  }
}

function unavailable(error: unknown): unknown {
  if (error instanceof StoreError && error.failure === 'refused') {
    const message = 'the store refuses this request; it will never accept it as it is';
    return new ArbiterError('STORE_REFUSED', message, undefined, { cause: error });
  }
  const known = error instanceof StoreError || error instanceof NewerFormatError;
  const message = error instanceof NewerFormatError ? error.message : 'the store does not answer; repeat with the same ids';
  return known ? new ArbiterError('STORE_UNAVAILABLE', message, 1_000, { cause: error }) : error;
}

