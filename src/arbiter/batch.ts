import { type Circumstances, decide } from '../domain/decide.js';
import type { Ledger } from '../domain/ledger.js';
import type { Outcome, Unknown } from '../domain/outcomes.js';
import type { DropWrittenRequest, Evidence } from '../domain/requests.js';
import type { BudgetQueue } from './budget-queue.js';
import type { Context } from './context.js';
import { NOBODY, type Pending } from './pending.js';

const NO_EVIDENCE: Evidence = { receipts: new Map(), days: new Map() };

export interface Answer {
  readonly pending: Pending;
  readonly outcome: Outcome;
}

export interface Decided {
  readonly answers: readonly Answer[];
  /** A request whose decision threw; the ledger can no longer be trusted. */
  readonly failure?: unknown;
  /** The arbiter's own requests are among them. */
  readonly housekeeping: boolean;
  readonly drops?: DropWrittenRequest;
}

/**
 * Decides a batch on the ledger, in this order: what settles and frees, then those who wait for a slot, then newcomers. So a
 * newcomer never overtakes a waiter who could be admitted.
 */
export function decideBatch(
  context: Context,
  queue: BudgetQueue,
  ledger: Ledger,
  batch: readonly Pending[],
  written: DropWrittenRequest | undefined,
  lineage: number,
): Decided {
  const circumstances = circumstancesNow(context);
  const round = new Round(queue, ledger, circumstances, lineage);
  for (const pending of batch) if (pending.request.kind !== 'acquire') round.decide(pending);
  // Time must do its work before waiters are asked for.
  if (queue.waiters.size > 0) round.letTimeWork();
  for (const waiter of queue.waiters.turn(ledger, context.clock.monotonic())) round.decide(waiter);
  for (const pending of batch) if (pending.request.kind === 'acquire') round.decide(pending);
  const housekeeping = batch.some((pending) => pending.caller === NOBODY);
  // A commit that goes anyway carries the drops along; a batch of peeks must not commit for them.
  const drops = written !== undefined && (housekeeping || ledger.touched) ? written : undefined;
  if (drops !== undefined) round.drop(drops);
  return {
    answers: round.answers,
    ...(round.failure === undefined ? {} : { failure: round.failure }),
    housekeeping,
    ...(drops === undefined ? {} : { drops }),
  };
}

function circumstancesNow({ clock, maxSkewMs }: Context): Omit<Circumstances, 'evidence'> {
  const { now, trusted, distrust } = clock.read();
  return { time: now, maxSkewMs, ...(trusted ? {} : { distrust: distrust ?? 'the clock is not trusted' }) };
}

class Round {
  readonly answers: Answer[] = [];
  failure: unknown;

  constructor(
    private readonly queue: BudgetQueue,
    private readonly ledger: Ledger,
    private readonly circumstances: Omit<Circumstances, 'evidence'>,
    private readonly lineage: number,
  ) {}

  decide(pending: Pending): void {
    if (this.failure !== undefined) {
      this.answers.push({ pending, outcome: { kind: 'done' } });
      return;
    }
    try {
      const outcome = decide(this.ledger, pending.request, { ...this.circumstances, evidence: this.evidence(pending) });
      if (outcome.kind === 'unknown') this.ask(pending, outcome);
      else this.answers.push({ pending, outcome });
    } catch (error) {
      this.failure = error;
      this.queue.lookups.release(pending);
      this.queue.waiters.remove(pending);
      pending.reject(error);
    }
  }

  letTimeWork(): void {
    decide(this.ledger, { kind: 'sweep' }, { ...this.circumstances, evidence: NO_EVIDENCE });
  }

  drop(written: DropWrittenRequest): void {
    decide(this.ledger, written, { ...this.circumstances, evidence: NO_EVIDENCE });
  }

  private evidence(pending: Pending): Evidence {
    const { lookup, evidence } = pending;
    if (lookup === undefined || evidence === undefined) return NO_EVIDENCE;
    if (!this.queue.lookups.isValid(lookup, this.ledger, this.lineage)) return NO_EVIDENCE;
    // A document says nothing about a day that another copy may have brought back and changed since.
    return lookup.lineage === this.lineage ? evidence : { receipts: evidence.receipts, days: NO_EVIDENCE.days };
  }

  private ask(pending: Pending, { receiptIds, days, writeOut }: Unknown): void {
    // What it was told before stays with it: a request may need several things, one after the other.
    const known = pending.evidence;
    this.queue.lookups.release(pending);
    if (writeOut) this.queue.writeOutFirst(pending, this.ledger);
    else {
      const receipts = new Set([...(known?.receipts.keys() ?? []), ...receiptIds]);
      const wantedDays = new Set([...(known?.days.keys() ?? []), ...days]);
      this.queue.lookUp(pending, [...receipts], [...wantedDays]);
    }
  }
}
