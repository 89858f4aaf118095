import type { StateVersion } from '../store/store.js';
import { Pending } from './pending.js';
import type { Decided, Effect, QueueEvent, ToCommit } from './queue-events.js';
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
 *        somebody is ready: `gather`
 *   IDLE ─────────────────────────▶ GATHERING ◀─────────────────────────────────────────────────┐
 *    ▲                               │  │  │                                                    │
 *    └─── gathered, nobody at all ───┘  │  └─ gathered, no ledger: `load` ─▶ LOADING             │
 *                                       │                                      │                │
 *                   gathered, a ledger: │                                      │                │
 *                              `decide` ▼             loaded: `decide`         │                │
 *                                    DECIDING ◀────────────────────────────────┘                │
 *                                     │  │  │                                                   │
 *          a patch to write: `commit` │  │  │ nothing to write: `prove`                         │
 *                        ┌────────────┘  │  └────────────┐                                      │
 *                        ▼               │               ▼                                      │
 *                   COMMITTING           │            PROVING                                   │
 *                     │  │               │               │                                      │
 *                     │  │ won:          │ nothing to    │ current:                             │
 *                     │  │ `publish`,    │ write, state  │ `answer`                             │
 *                     │  │ `answer`      │ is current:   │                                      │
 *                     │  │               ▼ `answer`      │                                      │
 *                     │  └─────────▶ ANSWERING ◀─────────┘                                      │
 *                     │                │  └─────────── answered: `gather` ──────────────────────┤
 *         lost: `rest`│                │ answered, and other replicas race: `rest`              │
 *                     └──▶ RESTING ◀───┘                                                        │
 *                             └───────────────────────── rested: `gather` ──────────────────────┤
 *   DECIDING failed or took too long; PROVING: it was not current; failed, anywhere: `gather` ──┘
 *
 * - **One round at a time**, from GATHERING to GATHERING. Who comes meanwhile gathers in `ready`; the next round carries all.
 * - **In COMMITTING the ledger is ahead** of the stored state: nothing is written out of it, and nobody is answered.
 * - **Nobody has an outcome but in ANSWERING.** What leads there: a commit that won; a state read after the round had its batch, and
 *   that no commit has followed; a store that has no other writer, and nothing to write.
 * - **A ledger that may differ from what is stored is dropped**: after a lost race, a failure, a stall, a state that was not current.
 *   Who was decided on it is decided again, before those who came later; of a failure of the store everybody is told.
 * - A request is in one place: ready, in the batch, looked up for, with the last days, or answered. Beside that it may wait for a slot.
 */
export type ModeName = Mode<never>['name'];

type Mode<L> =
  | { readonly name: 'IDLE' | 'GATHERING' }
  | { readonly name: 'LOADING'; readonly batch: readonly Pending[]; readonly alone: boolean }
  | {
      readonly name: 'DECIDING';
      readonly batch: readonly Pending[];
      readonly ledger: L;
      readonly isCurrent: boolean;
    }
  | { readonly name: 'PROVING'; readonly batch: readonly Pending[]; readonly toAnswer: ToAnswer }
  | {
      readonly name: 'COMMITTING';
      readonly batch: readonly Pending[];
      readonly commit: ToCommit<L>;
      readonly toClose: number;
    }
  /** `won`: by the commit that made this revision; absent: nothing was written. */
  | { readonly name: 'ANSWERING'; readonly batch: readonly Pending[]; readonly won?: Won }
  /** `left`: others may commit meanwhile. */
  | { readonly name: 'RESTING'; readonly left: boolean };

interface ToAnswer {
  readonly decided: Decided;
  readonly toClose: number;
}

interface Won {
  readonly revision: number;
  readonly looked: boolean;
}

const IDLE = { name: 'IDLE' } as const;
const GATHERING = { name: 'GATHERING' } as const;
const NOBODY_THERE: readonly Pending[] = [];
const NOTHING: readonly never[] = [];
const GATHER = [{ do: 'gather' }] as const;

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

  /** Taken for the round under way, those included who wait for a slot and are tried in it. */
  get batch(): readonly Pending[] {
    return 'batch' in this.mode ? this.mode.batch : NOBODY_THERE;
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
        return this.gathered();
      case 'loaded':
        return this.loaded(event);
      case 'decided':
        return this.decided(event);
      case 'proved':
        return this.proved(event);
      case 'committed':
        return this.committedOrLost(event);
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
    return this.mode.name === 'IDLE' ? this.gather() : NOTHING;
  }

  private gather(): readonly Effect<L>[] {
    this.mode = GATHERING;
    return GATHER;
  }

  private gathered(): readonly Effect<L>[] {
    this.expect('GATHERING', 'gathered');
    const { kept: ledger } = this;
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
      toDecide: { ledger, batch, lineage: this.loadings, alone, restraint },
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
    const { decided, patch, seq, toClose, now } = event;
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
    if (decided.failed || stalled) effects.push(...this.decideAgain(batch));
    else if (patch !== undefined) {
      const expected = this.stored.revision === 0 ? undefined : this.stored;
      const commit = { ledger, patch, decided, expected, seq, sendBy: decided.at + STALL_MS };
      this.mode = { name: 'COMMITTING', batch, commit, toClose };
      effects.push({ do: 'commit', commit });
    } else if (isCurrent || this.options.exclusive) {
      effects.push(this.answer(batch, { decided, toClose }, undefined, now));
    } else {
      this.mode = { name: 'PROVING', batch, toAnswer: { decided, toClose } };
      effects.push({ do: 'prove', version: this.stored });
    }
    return effects;
  }

  private proved({ isCurrent, now }: EventOf<L, 'proved'>): readonly Effect<L>[] {
    const { batch, toAnswer } = this.expect('PROVING', 'proved');
    return isCurrent ? [this.answer(batch, toAnswer, undefined, now)] : this.decideAgain(batch);
  }

  private committedOrLost({ result, looked, now }: EventOf<L, 'committed'>): readonly Effect<L>[] {
    const { batch, commit, toClose } = this.expect('COMMITTING', 'committed');
    if (result === 'lost') {
      this.drop(batch);
      this.mode = { name: 'RESTING', left: false };
      return [{ do: 'rest', lostInRow: this.yielding.lost() }];
    }
    this.waiters.turns.keep();
    this.stored = versionOf(commit.ledger);
    const won = { revision: commit.ledger.revision, looked };
    const toAnswer = { decided: commit.decided, toClose };
    return [{ do: 'publish', commit }, this.answer(batch, toAnswer, won, now)];
  }

  /** What was decided stands. */
  private answer(
    batch: readonly Pending[],
    { decided, toClose }: ToAnswer,
    won: Won | undefined,
    now: number,
  ): Effect<L> {
    this.mode = won === undefined ? { name: 'ANSWERING', batch } : { name: 'ANSWERING', batch, won };
    const mustSweep = this.kept !== undefined && this.sweeping.done(toClose, batch);
    if (mustSweep && !this.ready.hasOwn('sweep')) this.ready.add(Pending.own({ kind: 'sweep' }, now));
    return { do: 'answer', decided };
  }

  private answered(now: number): readonly Effect<L>[] {
    const { won } = this.expect('ANSWERING', 'answered');
    if (won === undefined) return this.gather();
    if (won.looked) this.kept = undefined;
    const yieldMs = this.yielding.won(won.revision, now);
    if (yieldMs === undefined) return this.gather();
    this.mode = { name: 'RESTING', left: true };
    return [{ do: 'rest', yieldMs }];
  }

  private rested(): readonly Effect<L>[] {
    const { left } = this.expect('RESTING', 'rested');
    // Another replica was let through: it may have committed since.
    if (left && this.ready.size > 0) this.kept = undefined;
    return this.gather();
  }

  /** Throws the ledger away; the batch is decided again, before those that came later. Waiters are tried in any round. */
  private drop(batch: readonly Pending[]): void {
    this.kept = undefined;
    this.waiters.turns.rollBack();
    this.ready.addFirst(batch.filter((pending) => !this.waiters.has(pending)));
  }

  private decideAgain(batch: readonly Pending[]): readonly Effect<L>[] {
    this.drop(batch);
    return this.gather();
  }

  /** Whatever the store did, the ledger is not to be trusted. */
  private failed({ error, refused, now }: EventOf<L, 'failed'>): readonly Effect<L>[] {
    const { batch, mode } = this;
    this.kept = undefined;
    this.waiters.turns.rollBack();
    const closed = mode.name === 'COMMITTING' && mode.commit.decided.closed;
    if (refused && (batch.length > 1 || this.sweeping.refused(batch, closed))) {
      return this.findGuilty(batch, now);
    }
    // First, so that whatever goes wrong with the others, the queue goes on.
    const effects: Effect<L>[] = [...this.endRound()];
    effects.push({ do: 'log-failure', error, again: this.store === 'FAILS' });
    if (refused) {
      for (const pending of batch) effects.push({ do: 'fail', pending, error });
      return effects;
    }
    this.store = 'FAILS';
    for (const pending of [...batch, ...this.ready.takeAll()]) {
      if (pending.request.kind === 'undo-grant') this.undos.push(pending);
      else if (!this.waiters.has(pending)) effects.push({ do: 'fail', pending, error });
    }
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
    if (ledger === undefined || this.mode.name === 'COMMITTING') return effects;
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

type EventOf<L, K extends QueueEvent<L>['kind']> = Extract<QueueEvent<L>, { kind: K }>;

/** What is not known yet and must be looked up; the request comes back with it. */
function lookUp(pending: Pending, receiptIds: readonly string[], days: readonly string[]) {
  pending.lookingUp = true;
  return { do: 'look-up', search: { pending, receiptIds, days } } as const;
}

function versionOf({ epoch, revision }: StateVersion): StateVersion {
  return { epoch, revision };
}
