import type { StatePatch } from '../domain/model/state.js';
import type { StateVersion } from '../store/store.js';
import { type Decision, didNotCome, drops, mayBeginToWait, type Result, send } from './decision.js';
import { Pending } from './pending.js';
import type { Effect, QueueEvent, ToCommit } from './queue-events.js';
import { ReadyList } from './ready-list.js';
import { ReplicaYield } from './replica-yield.js';
import { Sweeping } from './sweeping.js';
import { WaitingList } from './waiting-list.js';

/** A decision older than this at sending is made again: its time may be another hour's. */
export const STALL_MS = 500;

/**
 * What runs one budget, as a machine: it is told events, and says effects (both in `queue-events.ts`). The same events have the same
 * effects: it waits for nothing, asks nobody and reads no clock. `budget-queue.ts` carries out what it says, and tells what came of it.
 *
 * It prepares one round at a time, and puts what was decided into a line, from which rounds are answered in their order:
 *
 *        somebody is ready: `gather`
 *   IDLE ─────────────────────────▶ GATHERING ◀──────────────────────────────────────────────┐
 *    ▲                               │  │  │                                                 │
 *    └─── gathered, nobody at all ───┘  │  └─ gathered, no ledger: `load` ─▶ LOADING          │
 *                                       │                                      │             │
 *                   gathered, a ledger: │                                      │             │
 *                              `decide` ▼             loaded: `decide`         │             │
 *                                    DECIDING ◀────────────────────────────────┘             │
 *                                       │ decided: into the line                             │
 *                                       ▼                                                    │
 *                                    AWAITING ── somebody is ready, and may go ahead; ───────┤
 *                                     │    │     or the line is at its end: `gather`         │
 *     the oldest has nothing to write,│    │the oldest was lost, and all after it came back, │
 *     and must be proved: `prove`     ▼    ▼or others race: `rest`                           │
 *                               PROVING    RESTING                                           │
 *                                     │         └──── rested: `gather` ──────────────────────┤
 *                                     └─ current: back into the line; not: `gather` ─────────┘
 *   DECIDING failed or took too long; failed, anywhere: `gather`
 *
 *   the line:    oldest  ┌─────────┐ ┌─────────┐ ┌─────────┐ ┌─────────┐  newest
 *     won: `publish`, ◀──│ commit 7│◀│ commit 8│◀│ denials │◀│ commit 9│◀── decided
 *     `answer`           └─────────┘ └─────────┘ └─────────┘ └─────────┘
 *                         each decided on what those before it will have made of the state
 *
 * - **A round is begun while commits are under way**, on the ledger as they will leave it: on a store that nobody else writes to, with up to
 *   three of them, and what it decides is sent at once; on one that others use, with one, and it is sent when that one has won. Who
 *   comes meanwhile gathers in `ready`.
 * - **Not** while somebody waits for a slot or is about to (`mayGoAhead`), nor while somebody wants the state as it is stored, to write it
 *   out (`settling`): then the line runs out first.
 * - **Nobody has an outcome before the head of the line has it.** What leads there: a commit that won, after all before it; a state read
 *   after the round had its batch, and that no commit has followed; a store that has no other writer, and nothing to write.
 * - **If a commit does not come to be, all after it are thrown away**, once all of them have come back, for one that is under way still could
 *   win on another state that has the revision it expects. They are decided again, and nobody hears of them.
 * - **A ledger that may differ from what will be stored is dropped**: after a lost race, a failure, a stall, a state that was not current.
 *   Who was decided on it is decided again, before those who came later; of a failure of the store everybody is told.
 * - A request is in one place: ready, in a batch, looked up for, with the last days, or answered. Beside that it may wait for a slot.
 */
export type ModeName = Mode<never>['name'];

type Mode<L> =
  /** AWAITING: rounds are in the line, and none may be begun now. */
  | { readonly name: 'IDLE' | 'GATHERING' | 'AWAITING' }
  | { readonly name: 'LOADING'; readonly batch: readonly Pending[]; readonly alone: boolean }
  | {
      readonly name: 'DECIDING';
      readonly batch: readonly Pending[];
      readonly ledger: L;
      readonly isCurrent: boolean;
    }
  | { readonly name: 'PROVING'; readonly batch: readonly Pending[]; readonly decision: Decision<L> }
  /** `left`: others may commit meanwhile. */
  | { readonly name: 'RESTING'; readonly left: boolean };

const IDLE = { name: 'IDLE' } as const;
const GATHERING = { name: 'GATHERING' } as const;
const AWAITING = { name: 'AWAITING' } as const;
const NOBODY_THERE: readonly Pending[] = [];
const NOTHING: readonly never[] = [];
const GATHER = [{ do: 'gather' }] as const;
/** So many commits may be under way when a round is begun; on a store that others use, one, and the next is sent after it. */
const MOST_AHEAD = 3;
/** So many times as many as the newest round has are worth a commit of their own ahead; of fewer it costs more than it saves. */
const WORTH_GOING_AHEAD = { exclusive: 1, shared: 2 } as const;

export interface MachineOptions {
  /** A batch larger than this makes the first of it wait for the last. */
  readonly mostAtOnce: number;
  /** The store has no other writer: a ledger is current as long as it is kept. */
  readonly exclusive: boolean;
}

export class QueueMachine<L extends StateVersion> {
  private mode: Mode<L> = IDLE;
  readonly ready = new ReadyList();
  readonly waiters = new WaitingList();
  readonly yielding = new ReplicaYield();
  private readonly sweeping = new Sweeping();
  private kept: L | undefined;
  private last: L | undefined;
  private loadings = 0;
  private stored: StateVersion = { epoch: 0, revision: 0 };
  private store: 'ANSWERS' | 'FAILS' = 'ANSWERS';
  /** Rounds that were decided, each on what those before it will have made of the state; the oldest first. */
  private line: Decision<L>[] = [];
  /** Its answers are given just now. */
  private answering: Decision<L> | undefined;
  /** No round is begun before the line is at its end: somebody wants the state as it is stored. */
  private settling = false;
  /** Grants to take back once the store answers again. */
  private readonly undos: Pending[] = [];

  constructor(private readonly options: MachineOptions) {}

  get modeName(): ModeName {
    return this.mode.name;
  }

  /** What decisions are made on; undefined: what is stored must be loaded first. */
  get ledger(): L | undefined {
    return this.kept;
  }

  /** The last one, thrown away or not: good enough to guess what must be looked up. */
  get lastLedger(): L | undefined {
    return this.last;
  }

  /** Rises with every loading: what was looked up for an older one is proved differently. */
  get lineage(): number {
    return this.loadings;
  }

  /** The state as this replica has last seen it, by loading or by a commit of its own. */
  get committed(): StateVersion {
    return this.stored;
  }

  /** The log knows that the store does not answer. */
  get storeFails(): boolean {
    return this.store === 'FAILS';
  }

  /** Taken for a round, those included who wait for a slot and are tried in it. */
  get batch(): readonly Pending[] {
    const { line, answering } = this;
    const prepared = this.prepared;
    if (line.length === 0 && answering === undefined) return prepared;
    return [...(answering?.batch ?? []), ...line.flatMap(({ batch }) => batch), ...prepared];
  }

  private get prepared(): readonly Pending[] {
    return 'batch' in this.mode ? this.mode.batch : NOBODY_THERE;
  }

  /** How many those are. */
  get taken(): number {
    let count = this.prepared.length + (this.answering?.batch.length ?? 0);
    for (const { batch } of this.line) count += batch.length;
    return count;
  }

  /** No round is under way, and nobody is ready for one. */
  get isIdle(): boolean {
    return this.mode.name === 'IDLE';
  }

  /** Nobody waits for anything. */
  get isForgettable(): boolean {
    return this.isIdle && this.waiters.size === 0 && this.undos.length === 0;
  }

  step(event: QueueEvent<L>): readonly Effect<L>[] {
    switch (event.kind) {
      case 'submitted':
        return this.submitted(event);
      case 'asked':
        return this.asked(event.pending);
      case 'gathered':
        return this.gathered(event.now);
      case 'loaded':
        return this.loaded(event);
      case 'decided':
        return this.decided(event);
      case 'proved':
        return this.proved(event);
      case 'committed':
        return this.commitCame(event);
      case 'answered':
        return this.answered(event.now);
      case 'rested':
        return this.rested();
      case 'failed':
        return this.failed(event);
      case 'looked-up':
        return this.lookedUp(event);
      case 'last-days-written':
        this.kept = undefined;
        return this.lookedUp(event);
      case 'doubted':
        this.settling = true;
        return NOTHING;
      case 'tick':
        return this.tick();
    }
  }

  private submitted({ pending, wanted }: EventOf<L, 'submitted'>): readonly Effect<L>[] {
    if (wanted.length === 0) return this.enqueue(pending);
    return [lookUp(pending, wanted, [])];
  }

  private asked(pending: Pending): readonly Effect<L>[] {
    const { kind } = pending.request;
    return kind !== 'undo-grant' && this.ready.hasOwn(kind) ? NOTHING : this.enqueue(pending);
  }

  private enqueue(pending: Pending): readonly Effect<L>[] {
    this.ready.add(pending);
    return this.mode.name === 'IDLE' ? this.gather() : this.goAhead();
  }

  /** While commits are under way the next round is begun on the state as they will leave it. */
  private goAhead(): readonly Effect<L>[] {
    return this.mode.name === 'AWAITING' && this.mayGoAhead() ? this.gather() : NOTHING;
  }

  /**
   * Not for a few, since each commit has a price that those in it share: they go with the next that the line's end begins.
   * Not while somebody waits for a slot, or is about to: who was denied is put among those who wait when that is durable, and a round
   * before then would let newcomers overtake. Not while rounds are to be alone.
   */
  private mayGoAhead(): boolean {
    const { line, ready, waiters } = this;
    const { exclusive } = this.options;
    const newest = line.at(-1);
    const times = exclusive ? WORTH_GOING_AHEAD.exclusive : WORTH_GOING_AHEAD.shared;
    if (newest === undefined || ready.size < Math.max(1, times * newest.batch.length)) return false;
    if (this.kept === undefined || this.settling) return false;
    if (ready.alone || this.sweeping.apart || waiters.size > 0) return false;
    if (line.some((decision) => decision.mayBeginToWait || didNotCome(decision))) return false;
    if (exclusive) return line.length <= MOST_AHEAD;
    return line.length <= 1 && line.every(({ sent }) => sent) && !this.yielding.isActive;
  }

  private gather(): readonly Effect<L>[] {
    this.mode = GATHERING;
    return GATHER;
  }

  private gathered(now: number): readonly Effect<L>[] {
    this.expect('GATHERING', 'gathered');
    const { kept: ledger } = this;
    if (this.line.length > 0 && !this.mayGoAhead()) {
      this.mode = AWAITING;
      return this.settle(now);
    }
    if (this.ready.size === 0) {
      this.mode = IDLE;
      // Without a ledger nobody knows what is due; those who wait must not be left to the next request.
      return [ledger === undefined ? { do: 'wake-to-retry' } : { do: 'wake-when-due', ledger }];
    }
    const { alone } = this.ready;
    // Taken before the loading is sent: so a loading that is current proves to these that their ledger is.
    const taken = this.ready.takeBatch(this.options.mostAtOnce, this.sweeping.apart);
    const effects: Effect<L>[] = [];
    const batch: Pending[] = [];
    for (const pending of taken) {
      if (pending.abandoned) effects.push({ do: 'dismiss', pending });
      else batch.push(pending);
    }
    if (ledger === undefined) {
      this.mode = { name: 'LOADING', batch, alone };
      effects.push({ do: 'begin', batch, first: { do: 'load' } });
    } else effects.push({ do: 'begin', batch, first: this.decide(ledger, batch, alone, false) });
    return effects;
  }

  private decide(ledger: L, batch: readonly Pending[], alone: boolean, isCurrent: boolean) {
    this.mode = { name: 'DECIDING', batch, ledger, isCurrent };
    const restraint = this.sweeping.restraint(batch);
    return {
      do: 'decide',
      toDecide: { ledger, batch, lineage: this.loadings, alone, restraint, mayDrop: !this.line.some(drops) },
    } as const;
  }

  private loaded({ ledger, isCurrent, rivals, now }: EventOf<L, 'loaded'>): readonly Effect<L>[] {
    const { batch, alone } = this.expect('LOADING', 'loaded');
    this.kept = ledger;
    this.last = ledger;
    this.yielding.loaded(rivals, now);
    this.loadings += 1;
    this.stored = versionOf(ledger);
    const recovered = this.store === 'FAILS';
    this.store = 'ANSWERS';
    this.ready.add(...this.undos.splice(0));
    const next = this.decide(ledger, batch, alone, isCurrent);
    return recovered ? [{ do: 'log-recovery' }, next] : [next];
  }

  private decided(event: EventOf<L, 'decided'>): readonly Effect<L>[] {
    const { ledger, isCurrent } = this.expect('DECIDING', 'decided');
    const { decided, patch, toClose, now } = event;
    const batch = decided.answers.map(({ pending }) => pending);
    const effects: Effect<L>[] = [];
    for (const failure of decided.failures) effects.push({ do: 'fail', ...failure });
    for (const { pending, receiptIds, days } of decided.searches) {
      effects.push(lookUp(pending, receiptIds, days));
    }
    for (const pending of decided.afterLastDays) {
      pending.lookingUp = true;
      effects.push({ do: 'write-last-days', pending });
    }
    this.ready.addFirst(decided.left);
    const stalled = patch !== undefined && now - decided.at > STALL_MS;
    if (decided.failed || stalled) return [...effects, ...this.decideAgain(batch)];
    const isFirst = this.line.length === 0;
    const commit = patch && this.toCommit(ledger, event, patch);
    const decision: Decision<L> = {
      batch,
      decided,
      toClose,
      sent: false,
      isCurrent: isFirst && isCurrent,
      mayBeginToWait: mayBeginToWait(decided),
      ...(commit !== undefined && { commit }),
    };
    this.line.push(decision);
    this.mode = AWAITING;
    if (commit !== undefined) {
      this.waiters.turns.seal();
      if (isFirst || this.options.exclusive) effects.push(send(decision, commit));
    }
    effects.push(...this.goAhead());
    return isFirst && commit === undefined ? [...effects, ...this.settle(now)] : effects;
  }

  private toCommit(ledger: L, { decided, seq, events }: EventOf<L, 'decided'>, patch: StatePatch) {
    const before = this.line.findLast(({ commit }) => commit !== undefined)?.commit?.becomes ?? this.stored;
    const expected = before.revision === 0 ? undefined : before;
    const becomes = versionOf(ledger);
    return { ledger, patch, events, decided, expected, becomes, seq, sendBy: decided.at + STALL_MS };
  }

  /** The oldest round of the line goes as far as it can. */
  private settle(now: number): readonly Effect<L>[] {
    const [head] = this.line;
    if (head === undefined || this.answering !== undefined) return NOTHING;
    const { commit, result } = head;
    if (commit === undefined) return this.settleUnwritten(head, now);
    if (!head.sent) return now > commit.sendBy ? this.decideLineAgain() : [send(head, commit)];
    if (result === undefined) return NOTHING;
    if (result.kind === 'won') return this.won(head, commit, now);
    // What was decided on a state that never was must have come back first, or it could win on another that has its revision.
    const isUnderWay = this.line.some(({ sent, result: other }) => sent && other === undefined);
    return isUnderWay || this.mode.name !== 'AWAITING' ? NOTHING : this.throwAway(head, result, now);
  }

  private settleUnwritten(head: Decision<L>, now: number): readonly Effect<L>[] {
    if (head.isCurrent || this.options.exclusive) return this.answer(head, now);
    if (this.mode.name !== 'AWAITING') return NOTHING;
    this.line.shift();
    this.mode = { name: 'PROVING', batch: head.batch, decision: head };
    return [{ do: 'prove', version: this.stored }];
  }

  private proved({ isCurrent, now }: EventOf<L, 'proved'>): readonly Effect<L>[] {
    const { batch, decision } = this.expect('PROVING', 'proved');
    if (!isCurrent) return this.decideAgain(batch);
    this.mode = AWAITING;
    this.line.push({ ...decision, isCurrent: true });
    return this.settle(now);
  }

  private commitCame({ commit, result, looked, now }: EventOf<L, 'committed'>): readonly Effect<L>[] {
    return this.came(commit, { kind: result, looked }, now);
  }

  private came(commit: ToCommit<L>, result: Result, now: number): readonly Effect<L>[] {
    const decision = this.line.find((other) => other.commit === commit);
    if (decision === undefined) throw new Error('the queue was told of a commit that it does not know');
    decision.result = result;
    return this.settle(now);
  }

  private won(head: Decision<L>, commit: ToCommit<L>, now: number): readonly Effect<L>[] {
    this.waiters.turns.keep();
    this.stored = commit.becomes;
    const effects = this.answer(head, now);
    const isStored = this.line.length === 0 && this.kept === commit.ledger;
    return [{ do: 'publish', commit, ...(isStored && { stored: commit.ledger }) }, ...effects];
  }

  /** What was decided stands. */
  private answer(head: Decision<L>, now: number): readonly Effect<L>[] {
    this.line.shift();
    this.answering = head;
    const mustSweep = this.kept !== undefined && this.sweeping.done(head.toClose, head.batch);
    if (mustSweep && !this.ready.hasOwn('sweep')) this.ready.add(Pending.own({ kind: 'sweep' }, now));
    return [{ do: 'answer', decided: head.decided }];
  }

  private answered(now: number): readonly Effect<L>[] {
    const { answering } = this;
    if (answering === undefined) throw new Error('the queue was told `answered`, and gives no answers');
    this.answering = undefined;
    const { commit, result } = answering;
    if (result?.kind === 'won' && result.looked) this.kept = undefined;
    const yieldMs = commit && this.yielding.won(commit.becomes.revision, now);
    // First, here and below: whatever goes wrong with the others, the queue goes on.
    if (this.line.length > 0) return [...this.goAhead(), ...this.settle(now)];
    const effects = this.settled();
    if (this.mode.name !== 'AWAITING') return effects;
    if (yieldMs === undefined) return [...this.gather(), ...effects];
    this.mode = { name: 'RESTING', left: true };
    return [...effects, { do: 'rest', yieldMs }];
  }

  /** The line is at its end: the ledger is as it is stored. */
  private settled(): readonly Effect<L>[] {
    const { settling, kept: ledger } = this;
    this.settling = false;
    return settling && ledger !== undefined ? [{ do: 'write-out', ledger }] : NOTHING;
  }

  private rested(): readonly Effect<L>[] {
    const { left } = this.expect('RESTING', 'rested');
    // Another replica was let through: it may have committed since.
    if (left && this.ready.size > 0) this.kept = undefined;
    return this.gather();
  }

  /** The oldest commit of the line did not come to be. Those after it were decided on what it would have made: they are decided again. */
  private throwAway(
    head: Decision<L>,
    result: Exclude<Result, { kind: 'won' }>,
    now: number,
  ): readonly Effect<L>[] {
    const later = this.line
      .splice(0)
      .slice(1)
      .flatMap(({ batch }) => batch);
    this.settling = false;
    if (result.kind !== 'failed') {
      this.drop([...head.batch, ...later]);
      this.mode = { name: 'RESTING', left: false };
      return [{ do: 'rest', lostInRow: this.yielding.lost() }];
    }
    this.waiters.turns.rollBack();
    const { error, refused } = result;
    return this.roundFailed(head.batch, { error, refused, closed: head.decided.closed, later }, now);
  }

  /** Throws the ledger away; the batch is decided again, before those that came later. Waiters are tried in any round. */
  private drop(batch: readonly Pending[]): void {
    this.kept = undefined;
    this.waiters.turns.rollBack();
    this.ready.addFirst(batch.filter((pending) => !this.waiters.has(pending)));
  }

  private decideAgain(batch: readonly Pending[]): readonly Effect<L>[] {
    this.kept = undefined;
    this.waiters.turns.rollBackOpen();
    this.ready.addFirst(batch.filter((pending) => !this.waiters.has(pending)));
    return this.endRound();
  }

  /** Nothing of it was sent, and it is too old by now. */
  private decideLineAgain(): readonly Effect<L>[] {
    this.drop(this.line.splice(0).flatMap(({ batch }) => batch));
    return this.mode.name === 'AWAITING' ? this.gather() : NOTHING;
  }

  /** Whatever the store did, the ledger is not to be trusted. */
  private failed({ commit, error, refused, now }: EventOf<L, 'failed'>): readonly Effect<L>[] {
    if (commit !== undefined) return this.came(commit, { kind: 'failed', error, refused }, now);
    const { answering } = this;
    this.answering = undefined;
    if (answering === undefined) this.waiters.turns.rollBackOpen();
    const batch = answering?.batch ?? this.prepared;
    return this.roundFailed(batch, { error, refused, closed: false, later: NOBODY_THERE }, now);
  }

  /** `later`: they were decided after it, and are decided again. */
  private roundFailed(
    batch: readonly Pending[],
    { error, refused, closed, later }: RoundFailure,
    now: number,
  ): readonly Effect<L>[] {
    this.kept = undefined;
    const again = later.filter((pending) => !this.waiters.has(pending));
    if (refused && (batch.length > 1 || this.sweeping.refused(batch, closed))) {
      this.ready.addFirst(again);
      return this.findGuilty(batch, now);
    }
    // First, so that whatever goes wrong with the others, the queue goes on.
    const effects: Effect<L>[] = [...this.endRound()];
    effects.push({ do: 'log-failure', error, again: this.store === 'FAILS' });
    if (refused) {
      for (const pending of batch) effects.push({ do: 'fail', pending, error });
      this.ready.addFirst(again);
      return effects;
    }
    this.store = 'FAILS';
    for (const pending of [...batch, ...this.ready.takeAll()]) {
      if (pending.request.kind === 'undo-grant') this.undos.push(pending);
      else if (!this.waiters.has(pending)) effects.push({ do: 'fail', pending, error });
    }
    this.ready.add(...again);
    effects.push({ do: 'wake-to-retry' });
    return effects;
  }

  /** One at a time and those who waited with them: each of them may be the one that the store refuses. */
  private findGuilty(batch: readonly Pending[], now: number): readonly Effect<L>[] {
    this.ready.oneAtATime(batch.length);
    this.ready.addFirst(batch);
    if (batch.length === 1) this.ready.sweepFirst(now);
    const leaving = batch.filter((pending) => this.waiters.has(pending));
    return [...this.endRound(), ...leaving.map((pending) => ({ do: 'stop-waiting', pending }) as const)];
  }

  private endRound(): readonly Effect<L>[] {
    return this.mode.name === 'IDLE' || this.mode.name === 'GATHERING' ? NOTHING : this.gather();
  }

  private lookedUp({ pending, error }: { pending: Pending; error?: unknown }): readonly Effect<L>[] {
    pending.lookingUp = false;
    if (error === undefined) {
      this.waiters.heard(pending);
      return this.enqueue(pending);
    }
    if (!this.waiters.has(pending)) return [{ do: 'fail', pending, error }];
    this.waiters.tryAgain();
    return [{ do: 'wake-to-retry' }];
  }

  private tick(): readonly Effect<L>[] {
    const effects: Effect<L>[] = this.ready
      .takeAnswered()
      .map((pending) => ({ do: 'dismiss', pending }) as const);
    const { kept: ledger } = this;
    if (ledger === undefined) return effects;
    if (this.line.length > 0) {
      // What is under way may not come to be. The line is let run out, else a busy budget would never be written out.
      this.settling = true;
      return effects;
    }
    effects.push({ do: 'write-out', ledger });
    if (this.isIdle) effects.push({ do: 'tell-written', ledger }, { do: 'wake-when-due', ledger });
    return effects;
  }

  private expect<N extends ModeName>(name: N, event: QueueEvent<L>['kind']): Extract<Mode<L>, { name: N }> {
    const { mode } = this;
    if (mode.name !== name) throw new Error(`the queue is ${mode.name}, and was told \`${event}\``);
    return mode as Extract<Mode<L>, { name: N }>;
  }
}

interface RoundFailure {
  readonly error: unknown;
  /** By the store, which will never take it as it is. */
  readonly refused: boolean;
  /** Leases whose time was over were closed along the way. */
  readonly closed: boolean;
  readonly later: readonly Pending[];
}

type EventOf<L, K extends QueueEvent<L>['kind']> = Extract<QueueEvent<L>, { kind: K }>;

/** What is not known yet and must be looked up; the request comes back with it. */
function lookUp(pending: Pending, receiptIds: readonly string[], days: readonly string[]) {
  pending.lookingUp = true;
  return { do: 'look-up', search: { pending, receiptIds, days } } as const;
}

function versionOf({ epoch, revision }: StateVersion): StateVersion {
  return { epoch, revision };
}
