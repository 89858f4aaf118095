import { Pending } from '../../../src/arbiter/pending.js';
import type { Decided, Effect, QueueEvent, ToCommit, ToDecide } from '../../../src/arbiter/queue-events.js';
import { type ModeName, QueueMachine, STALL_MS } from '../../../src/arbiter/queue-machine.js';
import type { StatePatch } from '../../../src/domain/model/state.js';
import type { Denial } from '../../../src/domain/model/types.js';
import { AIS, type Asking, askingFor, type Job } from './jobs.js';
import type { QueueWorld } from './queue-world.js';
import { type ToyDecision, toyDecide } from './toy-decide.js';
import { copyOf, isSame, type ToyCommit, type ToyState } from './toy-store.js';
import { TurnBook, toyFlowOf } from './turn-book.js';

type Event = QueueEvent<ToyState>;
type Do = Effect<ToyState>['do'];

/** Where the machine must be when it wants this done; what is not here it may want anywhere. */
const MODES: Partial<Record<Do, readonly ModeName[]>> = {
  gather: ['GATHERING'],
  load: ['LOADING'],
  decide: ['DECIDING'],
  prove: ['PROVING'],
  commit: ['AWAITING', 'GATHERING'],
  publish: ['AWAITING', 'GATHERING'],
  answer: ['AWAITING', 'GATHERING'],
  rest: ['RESTING'],
  'tell-written': ['IDLE'],
  'wake-when-due': ['IDLE'],
  'write-out': ['IDLE', 'GATHERING', 'PROVING', 'RESTING', 'LOADING'],
};
/** What the driver may break at, before it is begun. */
const BREAKABLE: readonly Do[] = ['load', 'decide', 'prove', 'commit', 'publish', 'answer', 'rest'];

/** Commits that may be under way when one more is sent. */
const MOST_BESIDE = 3;
/** What nothing else of a round may be beside. */
const BEGINS: readonly Do[] = ['load', 'decide', 'prove', 'rest'];

/** Something under way. `ofRound`: the machine waits for it, and for nothing else but commits. */
interface Operation {
  readonly what: Do | 'wake';
  readonly ofRound: boolean;
  /** A commit reaches the store. */
  readonly arrive?: () => void;
  readonly complete: () => void;
}

class Refusal extends Error {}

/** A round that was decided, and what the state is by it. */
interface Told {
  readonly decision: ToyDecision;
  readonly next: ToyState;
  isStored: boolean;
}

interface UnderWay {
  readonly refused: boolean;
  readonly sent: ToyCommit;
  result: 'won' | 'lost' | undefined;
  /** It will never reach the store. */
  isOver: boolean;
}

/** Plays the driver of one machine, and looks at every effect. */
export class QueueHost {
  readonly machine: QueueMachine<ToyState>;
  operations: Operation[] = [];
  readonly askings = new Map<Pending, Asking>();
  private readonly book = new TurnBook();
  /** Which of those that wait came first; and of the jobs that have waited in vain. */
  private readonly places = new Map<Pending, number>();
  private readonly keptPlaces = new Map<number, number>();
  private lastPlace = 0;
  private loadings = 0;
  private seen = 0;
  private mustBeCurrent = true;
  private mustRest = false;
  /** Rounds that were decided and not answered, the oldest first; each with the revision that it rests on, or makes. */
  private line: Told[] = [];
  /** What the newest commit under way will leave. */
  private ahead: ToyState | undefined;

  constructor(private readonly world: QueueWorld) {
    this.machine = new QueueMachine({ mostAtOnce: 6, exclusive: world.exclusive });
  }

  submit(job: Job, again: boolean): Asking {
    const asking = askingFor(job, this.world.now, again);
    this.askings.set(asking.pending, asking);
    if (job.kind === 'undo') this.tell({ kind: 'asked', pending: asking.pending });
    else {
      const wanted =
        job.nature === 'to look up' && this.machine.lastLedger !== undefined ? [`${job.id}`] : [];
      this.tell({ kind: 'submitted', pending: asking.pending, wanted });
    }
    return asking;
  }

  sweep(): void {
    this.tell({ kind: 'asked', pending: Pending.own({ kind: 'sweep' }, this.world.now) });
  }

  /** Its caller has waited long enough. */
  giveUp({ pending }: Asking): void {
    this.leave(pending);
    pending.reject(new Error('too late'));
  }

  tell(event: Event): void {
    for (const effect of this.machine.step(event)) this.carryOut(effect);
  }

  private goOn(event: Event): void {
    try {
      this.tell(event);
    } catch (error) {
      this.roundFailed(error);
    }
  }

  private roundFailed(error: unknown): void {
    if (!(error instanceof Refusal) && !(error as Error).message.startsWith('on purpose')) {
      this.world.violated(`the machine threw: ${(error as Error).message}`);
    }
    this.tell({ kind: 'failed', error, refused: error instanceof Refusal, now: this.world.now });
  }

  private check(effect: Effect<ToyState>): void {
    const { modeName } = this.machine;
    this.world.saw(`${effect.do} in ${modeName}`);
    const allowed = MODES[effect.do];
    if (allowed !== undefined && !allowed.includes(modeName)) {
      this.world.violated(`${effect.do} is wanted in ${modeName}`);
    }
    if (BEGINS.includes(effect.do) && this.operations.some(({ ofRound }) => ofRound)) {
      this.world.violated(`${effect.do} is wanted while another thing of the round is under way`);
    }
  }

  private carryOut(effect: Effect<ToyState>): void {
    this.check(effect);
    const { world } = this;
    if (BREAKABLE.includes(effect.do) && world.chance(0.01)) {
      this.mustRest = false;
      const error = new Error('on purpose: the driver broke');
      // Whoever was to be told is told of this.
      if (effect.do === 'publish') this.book.keep();
      if (effect.do === 'publish' || effect.do === 'answer') this.line.shift();
      if (effect.do !== 'commit') throw error;
      this.commitFailed(effect.commit, error);
      return;
    }
    switch (effect.do) {
      case 'gather':
        this.begin(effect.do, () => this.goOn({ kind: 'gathered', now: world.now }));
        break;
      case 'begin':
        if (this.mustRest) world.violated('after a lost race the next round began without a rest');
        try {
          this.carryOut(effect.first);
        } catch (error) {
          this.roundFailed(error);
        }
        return;
      case 'load':
        this.load();
        break;
      case 'decide':
        this.decide(effect.toDecide);
        break;
      case 'prove':
        this.prove(effect.version.revision);
        break;
      case 'commit':
        this.commit(effect.commit);
        break;
      case 'publish':
        this.publish(effect);
        return;
      case 'answer':
        this.answer(effect.decided);
        break;
      case 'rest':
        this.mustRest = false;
        this.begin(effect.do, () => this.goOn({ kind: 'rested' }));
        break;
      default:
        this.carryOutBeside(effect);
    }
  }

  private carryOutBeside(effect: Effect<ToyState>): void {
    switch (effect.do) {
      case 'look-up': {
        const { pending } = effect.search;
        this.beside(effect.do, () => this.found(pending, 'looked-up'));
        break;
      }
      case 'write-last-days':
        this.beside(effect.do, () => this.found(effect.pending, 'last-days-written'));
        break;
      case 'fail':
        this.fail(effect.pending, effect.error);
        break;
      case 'dismiss':
        if (!effect.pending.abandoned) this.world.violated('somebody was dismissed who waits for an answer');
        this.leave(effect.pending);
        effect.pending.reject(new Error('gone'));
        break;
      case 'stop-waiting':
        this.leave(effect.pending);
        break;
      case 'write-out':
        if (!this.world.store.wasStored(effect.ledger))
          this.world.violated('what is not stored is written out');
        return;
      case 'wake-when-due':
      case 'wake-to-retry':
        if (!this.operations.some(({ what }) => what === 'wake')) this.beside('wake', () => this.sweep());
        return;
      default:
    }
  }

  private publish({ commit, stored }: Extract<Effect<ToyState>, { do: 'publish' }>): void {
    const { world } = this;
    this.book.keep();
    this.checkTurns();
    this.seen = commit.becomes.revision;
    const [oldest] = this.line;
    if (oldest?.decision.decided !== commit.decided) world.violated('a commit is told before an older one');
    else oldest.isStored = true;
    if (stored !== undefined && !world.store.wasStored(stored))
      world.violated('a ledger is said to be stored, and is ahead');
  }

  private begin(what: Do, complete: () => void, arrive?: () => void): void {
    if (this.operations.some(({ ofRound }) => ofRound))
      this.world.violated(`${what} is begun beside another`);
    this.operations.push({ what, ofRound: true, complete, ...(arrive === undefined ? {} : { arrive }) });
  }

  private beside(what: Do | 'wake', complete: () => void): void {
    this.operations.push({ what, ofRound: false, complete });
  }

  complete(operation: Operation): void {
    this.operations = this.operations.filter((other) => other !== operation);
    operation.complete();
    this.checkAlive();
  }

  private commits(): Operation[] {
    return this.operations.filter(({ what }) => what === 'commit');
  }

  /** No mode lasts without something that will end it; and who waits is not forgotten. */
  private checkAlive(): void {
    const underWay = this.operations.filter(({ ofRound }) => ofRound).length;
    const commits = this.commits().length;
    const { modeName, waiters } = this.machine;
    if (underWay !== (modeName === 'IDLE' || modeName === 'AWAITING' ? 0 : 1)) {
      this.world.violated(`${underWay} things of a round are under way in ${modeName}`);
    }
    const least = modeName === 'AWAITING' ? 1 : 0;
    const most = modeName === 'AWAITING' || modeName === 'GATHERING' ? 4 : 0;
    if (commits < least || commits > most)
      this.world.violated(`${commits} commits are under way in ${modeName}`);
    if (modeName === 'IDLE' && waiters.size > 0 && !this.operations.some(({ what }) => what === 'wake')) {
      this.world.violated('somebody waits, and nothing will wake the queue');
    }
    this.checkNobodyIsForgotten();
  }

  /** What is to be taken back is kept apart while the store fails. */
  private checkNobodyIsForgotten(): void {
    const { batch, ready, waiters } = this.machine;
    const known = new Set([...batch, ...ready.all()]);
    for (const [pending, { job, outcome }] of this.askings) {
      if (outcome !== undefined || pending.abandoned || job.kind === 'undo') continue;
      if (known.has(pending) || pending.lookingUp || waiters.has(pending)) continue;
      this.world.violated(`job ${job.id} is forgotten`);
    }
  }

  private found(pending: Pending, kind: 'looked-up' | 'last-days-written'): void {
    const asking = this.askings.get(pending);
    const error = this.world.chance(0.1) ? new Error('not found out') : undefined;
    if (asking !== undefined && error === undefined) asking.found = true;
    this.tell({ kind, pending, error });
  }

  /** What a read shows is of its sending, of its answer, or, where it need not be current, of before. */
  private load(): void {
    const { world } = this;
    if (this.commits().length > 0) world.violated('the state is loaded while a commit is under way');
    this.line = [];
    this.ahead = undefined;
    this.book.forget();
    const isCurrent = this.mustBeCurrent || world.exclusive || world.chance(0.5);
    const early = world.chance(0.5) ? world.store.load() : undefined;
    this.begin('load', () => {
      if (world.chance(0.1)) return this.roundFailed(new Error('on purpose: no answer'));
      const old = this.seen + Math.floor(world.random() * (world.store.revision + 1 - this.seen));
      const ledger = isCurrent ? (early ?? world.store.load()) : world.store.load(old);
      this.mustBeCurrent = false;
      this.seen = ledger.revision;
      this.loadings += 1;
      const rivals = world.chance(0.5) ? 1 : 0;
      this.goOn({ kind: 'loaded', ledger, isCurrent, rivals, now: world.now });
    });
  }

  private decide(toDecide: ToDecide<ToyState>): void {
    const { world, machine } = this;
    const { ledger, batch, lineage } = toDecide;
    const { ahead } = this;
    if (this.commits().length > 0 ? !isSame(ledger, ahead) : !world.store.wasStored(ledger))
      world.violated('a decision is made on what was never stored, and is not under way');
    if (lineage !== this.loadings)
      world.violated(`the loading is told as ${lineage}, and is ${this.loadings}`);
    if (new Set([...batch, ...machine.ready.all()]).size < batch.length + machine.ready.size) {
      world.violated('somebody is in two places');
    }
    if (batch.some(({ lookingUp }) => lookingUp)) world.violated('somebody is decided who is looked up for');
    const at = world.now - (world.chance(0.03) ? STALL_MS + 1 : 0);
    this.checkTurns();
    const decision = toyDecide(toDecide, {
      ...{ waiters: machine.waiters, book: this.book, at, calm: world.calm },
      askingOf: (pending) => this.askings.get(pending),
      placeOf: (pending) => this.places.get(pending) ?? 0,
      aboutToWait: this.aboutToWait(),
      violated: (what) => world.violated(what),
    });
    const { decided, touched, toClose } = decision;
    const patch = touched && !decided.failed ? ({} as StatePatch) : undefined;
    if (patch !== undefined) ledger.revision += 1;
    const isTold = !decided.failed && (patch === undefined || world.now - at <= STALL_MS);
    if (isTold) {
      this.line.push({ decision, next: copyOf(ledger), isStored: patch === undefined });
      if (patch !== undefined) {
        this.ahead = copyOf(ledger);
        this.book.seal();
      }
    }
    this.tell({ kind: 'decided', decided, patch, events: [], seq: 0, toClose, now: world.now });
  }

  private aboutToWait(): Pending[] {
    const answers = this.line.flatMap(({ decision }) => decision.decided.answers);
    return answers.flatMap(({ pending, outcome }) => {
      const waits = outcome.kind === 'denied' && this.askings.get(pending)?.job.waits;
      return waits && !this.machine.waiters.has(pending) ? [pending] : [];
    });
  }

  private prove(revision: number): void {
    const { world } = this;
    const early = world.chance(0.5) ? world.store.revision : undefined;
    this.begin('prove', () => {
      if (world.chance(0.1)) return this.roundFailed(new Error('on purpose: no answer'));
      const isCurrent = (early ?? world.store.revision) === revision;
      if (!isCurrent) this.mustBeCurrent = true;
      this.goOn({ kind: 'proved', isCurrent, now: world.now });
    });
  }

  private commit(commit: ToCommit<ToyState>): void {
    const { world } = this;
    const { expected, sendBy, decided, becomes } = commit;
    if (sendBy < world.now) world.violated('what was decided long ago is sent');
    const entry = this.line.find(({ decision }) => decision.decided === decided);
    if (entry === undefined) world.violated('a decision is sent that was thrown away');
    const others = this.commits();
    world.saw(`commit beside ${others.length}`);
    if (!world.exclusive && others.length > 0)
      world.violated('a commit is sent before the one that it follows');
    const refused = entry?.decision.refused ?? false;
    const sent: ToyCommit = { expected: expected?.revision ?? 0, next: entry?.next ?? copyOf(commit.ledger) };
    if (sent.next.revision !== becomes.revision)
      world.violated('a commit makes another version than it says');
    if (sent.expected !== becomes.revision - 1)
      world.violated('a commit follows another than the one before it');
    if (others.length > MOST_BESIDE) world.violated(`a commit is sent beside ${others.length} others`);
    const underWay: UnderWay = { refused, sent, result: undefined, isOver: false };
    const arrive = () => {
      if (underWay.isOver) return;
      // The store takes them in their order.
      for (const other of others) other.arrive?.();
      if (!refused) underWay.result ??= world.store.swap(sent, world.now) ? 'won' : 'lost';
    };
    const complete = () => this.commitCame(commit, underWay, arrive);
    this.operations.push({ what: 'commit', ofRound: false, complete, arrive });
  }

  private commitCame(commit: ToCommit<ToyState>, underWay: UnderWay, arrive: () => void): void {
    const { world } = this;
    if (underWay.refused) {
      this.commitFailed(commit, new Refusal('refused'));
      return;
    }
    if (underWay.result === undefined && world.chance(0.1)) {
      underWay.isOver = true;
      this.commitFailed(commit, new Error('on purpose: not sent'));
      return;
    }
    const looked = world.chance(0.15);
    if (looked) {
      this.tell({ kind: 'doubted' });
      if (underWay.result === undefined) underWay.isOver = true;
      for (const other of this.commits()) other.arrive?.();
      // Looked for and not found, it is fenced off: by now it can win no more.
      underWay.result ??= world.fence(underWay.sent.expected);
      this.mustBeCurrent = true;
    } else arrive();
    const { result = 'lost' } = underWay;
    if (result === 'lost' && this.line[0]?.decision.decided === commit.decided) this.mustRest = true;
    this.goOn({ kind: 'committed', commit, result, looked, now: world.now });
  }

  private commitFailed(commit: ToCommit<ToyState>, error: Error): void {
    this.tell({ kind: 'failed', commit, error, refused: error instanceof Refusal, now: this.world.now });
  }

  /** As `Answers` does it. */
  private answer(decided: Decided): void {
    const { world } = this;
    const entry = this.line.shift();
    if (decided !== entry?.decision.decided) world.violated('a decision is answered before an older one');
    else if (!entry.isStored) world.violated('a decision is answered that is not stored');
    const standsOn = entry?.next.revision ?? 0;
    for (const { pending, outcome } of decided.answers) {
      const asking = this.askings.get(pending);
      if (asking === undefined || pending.abandoned) continue;
      const { job, arrivedAt } = asking;
      if (!world.store.wasCurrentSince(standsOn, arrivedAt)) {
        world.violated(`job ${job.id} is answered from a state that was old when it came`);
      }
      if (outcome.kind === 'denied' && job.waits) this.wait(pending, job, outcome.denial);
      else {
        if (outcome.kind === 'done' && job.kind !== 'read' && !world.store.has(job.id)) {
          world.violated(`job ${job.id} is told to be done, and is not stored`);
        }
        this.machine.waiters.remove(pending);
        pending.resolve(outcome);
        if (outcome.kind === 'denied') asking.outcome = 'failed';
      }
      if (world.chance(0.005)) throw new Error('on purpose: whoever listens broke');
    }
    this.tell({ kind: 'answered', now: world.now });
  }

  /** It no longer waits, and has no answer: who asks again stands where it stood. */
  private leave(pending: Pending): void {
    const id = this.askings.get(pending)?.job.id;
    const place = this.places.get(pending);
    if (id === undefined || place === undefined || !this.machine.waiters.has(pending)) return;
    this.keptPlaces.set(id, place);
    this.machine.waiters.giveUp(pending, this.world.now);
  }

  private wait(pending: Pending, { id }: Job, denial: Denial): void {
    if (!this.machine.waiters.has(pending)) {
      const kept = this.keptPlaces.get(id);
      this.keptPlaces.delete(id);
      if (kept === undefined) this.lastPlace += 1;
      this.places.set(pending, kept ?? this.lastPlace);
    }
    this.machine.waiters.put(pending, denial);
  }

  /** Tags are those of the commits that this replica knows to have won, or to be under way. */
  private checkTurns(): void {
    const { book, machine, world } = this;
    for (const aiId of AIS) {
      const flow = toyFlowOf(aiId);
      const starts = [machine.waiters.turns.startOf(flow), machine.waiters.turns.startWithin(flow, aiId)].map(
        (start) => Number(start) / 1_000_000,
      );
      const byHand = book.startsAhead(aiId);
      if (`${starts}` !== `${byHand}`)
        world.violated(`the turn of ${aiId} starts at ${starts}, not ${byHand}`);
    }
  }

  private fail(pending: Pending, error: unknown): void {
    const asking = this.askings.get(pending);
    if (error instanceof Refusal && asking !== undefined && asking.job.nature !== 'refused') {
      this.world.violated(`job ${asking.job.id} failed, and another was refused`);
    }
    this.leave(pending);
    pending.reject(error);
  }
}
