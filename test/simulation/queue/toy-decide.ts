import { type Answer, NOBODY, type Pending } from '../../../src/arbiter/pending.js';
import type { Prospect } from '../../../src/arbiter/prospect.js';
import type { Decided, ToDecide } from '../../../src/arbiter/queue-events.js';
import type { WaitingList } from '../../../src/arbiter/waiting-list.js';
import type { BudgetEvent } from '../../../src/domain/model/events.js';
import type { Outcome } from '../../../src/domain/model/outcomes.js';
import type { AcquireRequest } from '../../../src/domain/model/requests.js';
import { type Asking, aiOf, type Job } from './jobs.js';
import type { ToyLease, ToyState } from './toy-store.js';
import { type TurnBook, toyFlowOf } from './turn-book.js';

const SLOTS = 2;
/** More than these are left to the next round. */
const MOST_WRITES = 4;
/** The store refuses whatever closes this one. */
export const REFUSED_CLOSING = 13;

export interface ToyDecision {
  readonly decided: Decided;
  readonly touched: boolean;
  readonly toClose: number;
  /** The store will refuse a commit of it. */
  readonly refused: boolean;
}

/** What a decision works with beside the ledger. */
export interface ToyParts {
  readonly waiters: WaitingList;
  readonly book: TurnBook;
  readonly askingOf: (pending: Pending) => Asking | undefined;
  /** Which of those that wait came first. */
  readonly placeOf: (pending: Pending) => number;
  /** Denied in rounds that are not answered yet. */
  readonly aboutToWait: readonly Pending[];
  readonly violated: (what: string) => void;
  readonly at: number;
  /** There are slots for all. */
  readonly calm: boolean;
}

const DONE: Outcome = { kind: 'done' };
const DENIED = { kind: 'denied', denial: { blockers: [] } } as unknown as Outcome;

/** Decides as the domain does, on the toy: it changes the ledger, and says what came of each request. */
export function toyDecide({ ledger, batch, alone, restraint }: ToDecide<ToyState>, parts: ToyParts) {
  const { waiters, book, at } = parts;
  const closing = close(ledger, restraint);
  book.begin();
  const round = new ToyRound(ledger, parts);
  for (const pending of batch) if (pending.request.kind !== 'acquire') round.decide(pending);
  if (!alone) {
    for (const pending of waiters.turn(round.prospect, at)) round.tryWaiter(pending);
    round.checkNobodyWasLeft();
  }
  for (const pending of batch) {
    if (pending.request.kind === 'acquire' && (alone || !waiters.has(pending))) round.decide(pending);
  }
  const housekeeping = batch.some(({ caller }) => caller === NOBODY);
  const { answers, left, failures, searches, afterLastDays, failed } = round;
  const closed = closing.length > 0;
  const decided = { at, answers, left, failures, searches, afterLastDays, failed, housekeeping, closed };
  const refused = round.refused || closing.includes(REFUSED_CLOSING);
  const touched = round.writes + closing.length > 0;
  return { decided, touched, toClose: ledger.overdue.length, refused } satisfies ToyDecision;
}

class ToyRound {
  readonly answers: Answer[] = [];
  readonly left: Pending[] = [];
  readonly failures: { pending: Pending; error: unknown }[] = [];
  readonly searches: Decided['searches'][number][] = [];
  readonly afterLastDays: Pending[] = [];
  failed = false;
  refused = false;
  writes = 0;
  private readonly tried = new Set<Pending>();

  constructor(
    private readonly ledger: ToyState,
    private readonly parts: ToyParts,
  ) {}

  get prospect(): Prospect {
    const { ledger, parts } = this;
    return {
      ...{ ledger, clock: parts.at, policyRevision: 1, flowOf: toyFlowOf },
      get loosened() {
        return ledger.loosened + (parts.calm ? 1_000_000 : 0);
      },
      get closed() {
        return ledger.live.length >= SLOTS && !parts.calm;
      },
      coolsUntil: () => Number.NEGATIVE_INFINITY,
      isAnswered: ({ requestId }) => ledger.applied.has(Number(requestId)),
    };
  }

  decide(pending: Pending): void {
    const asking = this.parts.askingOf(pending);
    if (asking === undefined || this.failed) this.answer(pending, DONE);
    else this.decideJob(pending, asking);
  }

  private decideJob(pending: Pending, { job, found }: Asking): void {
    const { ledger, parts } = this;
    const isApplied = ledger.applied.has(job.id);
    if (job.nature === 'to look up' && !found) {
      this.searches.push({ pending, receiptIds: [`${job.id}`], days: [] });
    } else if (job.nature === 'after last days' && !found) this.afterLastDays.push(pending);
    else if (job.nature === 'throws' && !isApplied && !found) {
      this.failed = true;
      this.failures.push({ pending, error: new Error('the decision threw') });
    } else if (job.kind === 'read' || isApplied) this.answer(pending, DONE);
    else if (this.writes >= MOST_WRITES && !parts.waiters.has(pending)) this.left.push(pending);
    else if (job.kind === 'acquire' && !this.admits(job)) this.answer(pending, DENIED);
    else {
      this.write(job);
      this.answer(pending, DONE);
    }
  }

  private answer(pending: Pending, outcome: Outcome): void {
    this.answers.push({ pending, outcome });
  }

  /** Some are too large while the state is not of a certain kind: they are passed over, and others are not. */
  private admits({ id }: Job): boolean {
    const { ledger, parts } = this;
    if (parts.calm) return true;
    return ledger.live.length < SLOTS && (id % 4 !== 0 || ledger.loosened % 3 === 0);
  }

  private write(job: Job): void {
    const { ledger } = this;
    this.writes += 1;
    if (job.nature === 'refused') this.refused = true;
    if (job.kind === 'acquire') this.grant(job);
    else ledger.loosened += 1;
    if (job.kind === 'release') this.end();
    ledger.applied.add(job.id);
    // By and by its time will be over.
    if (job.id % 4 === REFUSED_CLOSING % 4) ledger.overdue = [...ledger.overdue, job.id];
  }

  private grant(job: Job): void {
    const { ledger, parts } = this;
    ledger.fence += 1;
    const lease = { fence: ledger.fence, aiId: aiOf(job), reserved: 100 * (1 + (job.id % 7)) };
    ledger.live = [...ledger.live, lease];
    parts.book.grant(lease.aiId, lease.reserved);
    this.happened('granted', lease, 0);
  }

  private end(): void {
    const { ledger, parts } = this;
    const [lease, ...live] = ledger.live;
    if (lease === undefined) return;
    ledger.live = live;
    const used = lease.reserved * (lease.fence % 3);
    parts.book.end(lease.aiId, used - lease.reserved);
    this.happened('released', lease, used);
  }

  private happened(kind: 'granted' | 'released', { fence, aiId, reserved }: ToyLease, used: number): void {
    const lease = { fence, aiId, reservedTokens: reserved, usedTokens: used, presumedTokens: 0 };
    this.parts.waiters.happened({ kind, at: 0, lease } as BudgetEvent, this.prospect);
  }

  /** Of all who could be granted a slot now, the one whose turn it is comes first. */
  tryWaiter(pending: Pending): void {
    const first = this.failed || !this.grants(pending) ? undefined : this.firstInTurn();
    if (first !== undefined && first !== pending) {
      const { requestId } = first.request as AcquireRequest;
      this.parts.violated(`somebody is granted a slot in the turn of job ${requestId}`);
    }
    this.tried.add(pending);
    this.decide(pending);
  }

  /** Of each flow the one whose turn it is in it; of those, the one whose flow's turn it is. Ties go to the one that came first. */
  private firstInTurn(): Pending | undefined {
    const { book, placeOf } = this.parts;
    const contenders = this.couldBeGranted().map((pending) => {
      const { aiId } = pending.request as AcquireRequest;
      const [ofFlow, within] = book.starts(aiId);
      return { pending, flow: book.flowOf(aiId), ofFlow, within, place: placeOf(pending) };
    });
    const ofFlows = new Map<string, (typeof contenders)[number]>();
    for (const one of contenders.sort((a, b) => a.within - b.within || a.place - b.place)) {
      if (!ofFlows.has(one.flow)) ofFlows.set(one.flow, one);
    }
    return [...ofFlows.values()].sort((a, b) => a.ofFlow - b.ofFlow || a.place - b.place)[0]?.pending;
  }

  private couldBeGranted(): Pending[] {
    const { waiters, aboutToWait } = this.parts;
    const all = [...waiters.all(), ...aboutToWait];
    return all.filter((pending) => !this.tried.has(pending) && this.grants(pending));
  }

  private grants(pending: Pending): boolean {
    const asking = this.parts.askingOf(pending);
    if (asking === undefined || pending.abandoned || pending.lookingUp) return false;
    const { job, found } = asking;
    const isKnown = found || job.nature === 'plain' || job.nature === 'refused';
    return isKnown && !this.ledger.applied.has(job.id) && this.admits(job);
  }

  /** A newcomer, who is decided next, must not overtake anybody. */
  checkNobodyWasLeft(): void {
    const left = this.failed ? undefined : this.couldBeGranted()[0];
    if (left === undefined) return;
    const { requestId } = left.request as AcquireRequest;
    this.parts.violated(`job ${requestId} could be granted a slot, and is not tried`);
  }
}

/** What time asks for, as far as the round may do it. */
function close(ledger: ToyState, { closings, passOver }: ToDecide<ToyState>['restraint']): readonly number[] {
  const { overdue } = ledger;
  if (overdue.length === 0 || closings === 0) return [];
  const from = passOver % overdue.length;
  const closing = overdue.slice(from, from + closings);
  ledger.overdue = overdue.filter((lease) => !closing.includes(lease));
  return closing;
}
