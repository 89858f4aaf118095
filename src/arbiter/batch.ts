import { timeAloneUntil } from '../domain/admission/time-alone.js';
import { type Circumstances, decide } from '../domain/decide.js';
import type { Ledger } from '../domain/ledger/ledger.js';
import { isCommitFull } from '../domain/ledger/outbox.js';
import type { BudgetEvent } from '../domain/model/events.js';
import type { NeedsLookup, Outcome } from '../domain/model/outcomes.js';
import type {
  AcquireRequest,
  DropWrittenRequest,
  Evidence,
  MarkRefusedRequest,
} from '../domain/model/requests.js';
import type { Writable } from '../domain/model/types.js';
import type { Context } from './context.js';
import type { Lookups } from './lookups.js';
import type { PacedRefusals } from './paced-refusals.js';
import { type Answer, NOBODY, type Pending } from './pending.js';
import { LedgerProspect } from './prospect.js';
import type { Decided, Search, ToDecide } from './queue-events.js';
import type { ReplicaYield } from './replica-yield.js';
import { ArbiterError } from './service-port.js';
import type { WaitingList } from './waiting-list.js';
import type { WriteOut } from './write-out.js';

const NO_EVIDENCE: Evidence = { receipts: new Map(), days: new Map() };

/** What deciding looks at beside the ledger. */
export interface DecidingParts {
  readonly budgetId: string;
  readonly waiters: WaitingList;
  readonly lookups: Lookups;
  readonly writeOut: WriteOut;
  readonly yielding: ReplicaYield;
  readonly refusals: PacedRefusals;
}

/**
 * Decides a batch on the ledger, in this order: what settles and frees, then those who wait for a slot, then newcomers. So a
 * newcomer never overtakes a waiter who could be admitted.
 */
export function decideBatch(
  context: Context,
  parts: DecidingParts,
  { ledger, batch, lineage, alone, restraint, mayDrop }: ToDecide<Ledger>,
): Decided {
  const at = context.clock.monotonic();
  ledger.closings = restraint.closings;
  ledger.passedOver = ledger.slots.waiting > 0 ? restraint.passOver % ledger.slots.waiting : 0;
  const { waiters, yielding } = parts;
  const round = new Round(context, parts, ledger, lineage, restraint.restrained);
  for (const pending of batch) if (pending.request.kind !== 'acquire') round.decide(pending);
  if (!alone && waiters.size > 0) {
    // Time must do its work before waiters are asked for.
    round.letTimeWork();
    for (const waiter of waiters.turn(round.prospect, at)) round.decide(waiter);
  }
  for (const pending of batch) {
    const tried = !alone && waiters.has(pending);
    if (pending.request.kind === 'acquire' && !tried) round.decide(pending);
  }
  const housekeeping = batch.some((pending) => pending.caller === NOBODY);
  // Before the drops: a day that is marked now must be written again first.
  const marks = mayDrop && (housekeeping || ledger.touched) ? round.mark() : undefined;
  // A commit that goes anyway carries the drops along; a batch of peeks must not commit for them.
  const carries = housekeeping || (ledger.touched && yielding.mayDrop(at));
  const drops = mayDrop && carries ? round.drop() : undefined;
  const { answers, left, failures, searches, afterLastDays, failed } = round;
  const closed = ledger.closings < restraint.closings;
  const decided: Writable<Decided> = {
    at,
    answers,
    left,
    failures,
    searches,
    afterLastDays,
    failed,
    housekeeping,
    closed,
  };
  if (drops !== undefined) decided.drops = drops;
  if (marks !== undefined) decided.marks = marks;
  return decided;
}

function storeRefusesMore(): ArbiterError {
  const message = 'the store refuses what must be written first; ask an operator to look at the log';
  return new ArbiterError('STORE_UNAVAILABLE', message, 1_000);
}

/** One reading of the clock for a whole batch. */
function circumstancesNow({ clock, maxSkewMs, retentionMonths, passed }: Context): Writable<Circumstances> {
  const { now: time, trusted, distrust = 'the clock is not trusted' } = clock.read();
  const circumstances: Writable<Circumstances> = {
    time,
    passed: passed?.() ?? Number.POSITIVE_INFINITY,
    maxSkewMs,
    evidence: NO_EVIDENCE,
    retentionMonths,
  };
  if (!trusted) circumstances.distrust = distrust;
  return circumstances;
}

class Round {
  readonly answers: Answer[] = [];
  readonly left: Pending[] = [];
  readonly failures: { pending: Pending; error: unknown }[] = [];
  readonly searches: Search[] = [];
  readonly afterLastDays: Pending[] = [];
  failed = false;
  readonly prospect: LedgerProspect;
  /** So much of what happened has moved the turns. */
  private told = 0;
  private readonly now: Writable<Circumstances>;

  constructor(
    private readonly context: Context,
    private readonly parts: DecidingParts,
    private readonly ledger: Ledger,
    private readonly lineage: number,
    private readonly restrained: boolean,
  ) {
    this.now = circumstancesNow(context);
    this.prospect = new LedgerProspect(ledger);
  }

  /** Of one decision: each has its own evidence. */
  private circumstances(evidence: Evidence): Circumstances {
    this.now.evidence = evidence;
    return this.now;
  }

  decide(pending: Pending): void {
    if (isCommitFull(this.ledger) && !this.parts.waiters.has(pending)) {
      this.left.push(pending);
      return;
    }
    if (this.failed) {
      // Decided again with the rest, on a ledger that can be trusted.
      this.answers.push({ pending, outcome: { kind: 'done' }, at: this.ledger.clock });
      return;
    }
    try {
      const circumstances = this.circumstances(this.evidence(pending));
      const outcome = decide(this.ledger, pending.request, circumstances);
      this.moveTurns();
      if (outcome.kind === 'unknown') this.ask(pending, outcome);
      else this.answers.push(this.answer(pending, outcome));
    } catch (error) {
      this.failed = true;
      const fields = { budget: this.parts.budgetId, request: pending.request.kind, err: error };
      if (pending.caller === NOBODY) this.context.log.error(fields, 'a decision failed');
      this.failures.push({ pending, error });
    }
  }

  private answer(pending: Pending, outcome: Outcome): Answer {
    const { ledger } = this;
    const answer = { pending, outcome, at: ledger.clock };
    if (outcome.kind !== 'denied' || pending.waitMs === 0) return answer;
    const { aiId } = pending.request as AcquireRequest;
    const until = timeAloneUntil(ledger, aiId, outcome.denial);
    return until === undefined ? answer : { ...answer, timeAloneMs: until - ledger.clock };
  }

  letTimeWork(): void {
    decide(this.ledger, { kind: 'sweep' }, this.circumstances(NO_EVIDENCE));
    this.moveTurns();
  }

  /** By what has happened: before the next of those who wait is chosen. */
  private moveTurns(): void {
    const { ledger, parts, prospect } = this;
    const { untold } = ledger;
    for (; this.told < untold.length; this.told += 1)
      parts.waiters.happened(untold[this.told] as BudgetEvent, prospect);
  }

  /** Marks the days on which a paced cap refused. */
  mark(): MarkRefusedRequest | undefined {
    const marks = this.parts.refusals.marks();
    if (marks === undefined) return undefined;
    const outcome = decide(this.ledger, marks, this.circumstances(NO_EVIDENCE));
    return outcome.kind === 'unknown' ? undefined : marks;
  }

  /** Drops from the state what is known to be written. */
  drop(): DropWrittenRequest | undefined {
    const written = this.parts.writeOut.drops(this.ledger);
    if (written === undefined) return undefined;
    const outcome = decide(this.ledger, written, this.circumstances(NO_EVIDENCE));
    return outcome.kind === 'unknown' ? undefined : written;
  }

  private evidence(pending: Pending): Evidence {
    const { lookup, evidence } = pending;
    if (lookup === undefined || evidence === undefined) return NO_EVIDENCE;
    const { lookups } = this.parts;
    const receipts = lookups.areReceiptsValid(lookup, this.ledger, this.lineage);
    const days = lookups.areDaysValid(lookup, this.ledger, this.lineage);
    if (receipts && days) return evidence;
    return {
      receipts: receipts ? evidence.receipts : NO_EVIDENCE.receipts,
      days: days ? evidence.days : NO_EVIDENCE.days,
    };
  }

  private ask(pending: Pending, { receiptIds, days, writeOut, again }: NeedsLookup): void {
    if (again) {
      if (this.restrained && !this.ledger.touched) this.failures.push({ pending, error: storeRefusesMore() });
      else this.left.push(pending);
      return;
    }
    // What it was told before stays with it: a request may need several things, one after the other.
    const known = pending.evidence;
    this.parts.lookups.release(pending);
    if (writeOut) {
      this.afterLastDays.push(pending);
      return;
    }
    const receipts = new Set([...(known?.receipts.keys() ?? []), ...receiptIds]);
    const wantedDays = new Set([...(known?.days.keys() ?? []), ...days]);
    this.searches.push({ pending, receiptIds: [...receipts], days: [...wantedDays] });
  }
}
