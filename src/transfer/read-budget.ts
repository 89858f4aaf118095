import { newestChanges } from '../domain/changes/newest-changes.js';
import type { DenialRecord } from '../domain/denials/records.js';
import { refuseNewer } from '../domain/ledger/ledger.js';
import { KEPT_CHANGES, type StoredChange } from '../domain/model/changes.js';
import type { Receipt, StoredState, UsageDay } from '../domain/model/state.js';
import type { DenialPosition } from '../store/denial-store.js';
import type { DayPosition, TransferStore } from '../store/transfer-store.js';

const PAGE = 500;
/** One may have half a megabyte. */
const DENIALS_PAGE = 50;

/** Takes in one budget, in parts. */
export interface BudgetSink {
  days(days: readonly UsageDay[]): Promise<void>;
  receipts(receipts: readonly Receipt[]): Promise<void>;
  denials(denials: readonly DenialRecord[]): Promise<void>;
  changes(changes: readonly StoredChange[]): Promise<void>;
  state(state: StoredState): Promise<void>;
}

/**
 * Reads a whole budget as it stood at one moment: that of its state, which is read first. What was written later has a
 * higher revision and is left out. A service may go on with it meanwhile; false: it changed in a way that needs a new look.
 * Receipts and records of changes that wait in the state are read as if they were in their place already, as some stores have them.
 */
export async function readBudget(store: TransferStore, budgetId: string, sink: BudgetSink): Promise<boolean> {
  const state = await store.load(budgetId);
  if (state === undefined) return true;
  // Of what a newer version wrote, this one would leave behind what it does not know.
  refuseNewer(budgetId, state.head);
  const { revision } = state.head;
  for (let after: DayPosition | undefined; ; ) {
    const page = await store.listDays(budgetId, after, PAGE);
    for (const day of page) refuseNewer(budgetId, day);
    if (page.some((day) => day.revision > revision && !isWithin(state, day))) return false;
    await sink.days(page.filter((day) => day.revision <= revision));
    after = page.at(-1);
    if (page.length < PAGE) break;
  }
  const waiting = [...state.sections.outbox.values()].sort(byId);
  for (let after = ''; ; ) {
    const page = await store.listReceipts(budgetId, '', after, PAGE);
    after = page.at(-1)?.id ?? '';
    const isLast = page.length < PAGE;
    const due = isLast ? waiting.splice(0) : takeUpTo(waiting, after);
    const written = page.filter((receipt) => receipt.revision <= revision);
    await sink.receipts(newestOf([...written, ...due]));
    if (isLast) break;
  }
  for (let after: DenialPosition | undefined; ; ) {
    const page = await store.listDenials(budgetId, after, DENIALS_PAGE);
    await sink.denials(page);
    after = page.at(-1);
    if (page.length < DENIALS_PAGE) break;
  }
  await sink.changes(await changesOf(store, budgetId, state));
  await sink.state({ ...state, sections: { ...state.sections, outbox: new Map(), changes: new Map() } });
  return true;
}

/** What was recorded after the state was read is left out. */
async function changesOf(store: TransferStore, budgetId: string, { head, sections }: StoredState) {
  const known = { count: head.changeCount ?? 0, waiting: sections.changes.values() };
  return newestChanges(known, await store.readChanges(budgetId, known.count + 1, KEPT_CHANGES));
}

function takeUpTo(sorted: Receipt[], id: string): Receipt[] {
  const end = sorted.findIndex((receipt) => compare(receipt.id, id) > 0);
  return sorted.splice(0, end < 0 ? sorted.length : end);
}

/** One for each id, in their order. */
function newestOf(receipts: readonly Receipt[]): Receipt[] {
  const newest = new Map<string, Receipt>();
  for (const receipt of receipts) {
    if ((newest.get(receipt.id)?.revision ?? -1) < receipt.revision) newest.set(receipt.id, receipt);
  }
  return [...newest.values()].sort(byId);
}

function byId(a: Receipt, b: Receipt): number {
  return compare(a.id, b.id);
}

/** As stores order ids: by their bytes. */
function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** A newer document of the day is not needed: the state holds the whole day, or it began after the state was read. */
function isWithin({ head, sections }: StoredState, { epoch, day }: UsageDay): boolean {
  return epoch !== head.epoch || sections.days.has(day) || day > head.lastOpenedDay;
}

/** The ids of all budgets, deleted ones included. */
export async function* budgetIds(store: TransferStore): AsyncGenerator<string> {
  for (let after = ''; ; ) {
    const page = await store.list(after, PAGE);
    for (const { budgetId } of page) yield budgetId;
    after = page.at(-1)?.budgetId ?? '';
    if (page.length < PAGE) return;
  }
}
