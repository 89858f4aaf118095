import { type Answer, NOBODY, type Pending } from '../../../src/arbiter/pending.js';
import type { Decided, ToDecide } from '../../../src/arbiter/queue-events.js';
import type { WaitingList } from '../../../src/arbiter/waiting-list.js';
import type { Outcome } from '../../../src/domain/model/outcomes.js';
import type { Asking } from './jobs.js';
import type { ToyState } from './toy-store.js';

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

const DONE: Outcome = { kind: 'done' };
const DENIED = { kind: 'denied', denial: { blockers: [] } } as unknown as Outcome;

/** Decides as the domain does, on the toy: it changes the ledger, and says what came of each request. `calm`: there are slots for all. */
export function toyDecide(
  { ledger, batch, alone, restraint }: ToDecide<ToyState>,
  waiters: WaitingList,
  askingOf: (pending: Pending) => Asking | undefined,
  { at, calm }: { readonly at: number; readonly calm: boolean },
): ToyDecision {
  const answers: Answer[] = [];
  const left: Pending[] = [];
  const failures: { pending: Pending; error: unknown }[] = [];
  const searches: Decided['searches'][number][] = [];
  const afterLastDays: Pending[] = [];
  let [failed, writes, refused] = [false, 0, false];
  const closing = close(ledger, restraint);
  if (closing.includes(REFUSED_CLOSING)) refused = true;

  const one = (pending: Pending): void => {
    const asking = askingOf(pending);
    if (asking === undefined || failed) return void answers.push({ pending, outcome: DONE });
    const { job } = asking;
    if (job.nature === 'to look up' && !asking.found) {
      return void searches.push({ pending, receiptIds: [`${job.id}`], days: [] });
    }
    if (job.nature === 'after last days' && !asking.found) return void afterLastDays.push(pending);
    if (job.nature === 'throws' && !ledger.applied.has(job.id) && !asking.found) {
      failed = true;
      return void failures.push({ pending, error: new Error('the decision threw') });
    }
    if (job.kind === 'read' || ledger.applied.has(job.id))
      return void answers.push({ pending, outcome: DONE });
    if (writes >= MOST_WRITES && !waiters.has(pending)) return void left.push(pending);
    if (job.kind === 'acquire' && ledger.held >= SLOTS && !calm)
      return void answers.push({ pending, outcome: DENIED });
    writes += 1;
    if (job.nature === 'refused') refused = true;
    if (job.kind === 'acquire') ledger.held += 1;
    if (job.kind === 'release') ledger.held = Math.max(0, ledger.held - 1);
    ledger.applied.add(job.id);
    // By and by its time will be over.
    if (job.id % 4 === REFUSED_CLOSING % 4) ledger.overdue = [...ledger.overdue, job.id];
    answers.push({ pending, outcome: DONE });
  };

  for (const pending of batch) if (pending.request.kind !== 'acquire') one(pending);
  if (!alone) for (const pending of waiters.all()) if (!pending.abandoned && !pending.lookingUp) one(pending);
  for (const pending of batch) {
    if (pending.request.kind === 'acquire' && (alone || !waiters.has(pending))) one(pending);
  }
  const housekeeping = batch.some(({ caller }) => caller === NOBODY);
  const decided = {
    at,
    answers,
    left,
    failures,
    searches,
    afterLastDays,
    failed,
    housekeeping,
    closed: closing.length > 0,
  };
  return { decided, touched: writes + closing.length > 0, toClose: ledger.overdue.length, refused };
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
