import type { Receipt, StoredState, UsageDay } from '../domain/state.js';
import type { DayPosition, TransferStore } from '../store/transfer-store.js';

const PAGE = 500;

/** Takes in one budget, in parts. */
export interface BudgetSink {
  days(days: readonly UsageDay[]): Promise<void>;
  receipts(receipts: readonly Receipt[]): Promise<void>;
  state(state: StoredState): Promise<void>;
}

/**
 * Reads a whole budget as it stood at one moment: that of its state, which is read first. What was written later has a
 * higher revision and is left out. A service may go on with it meanwhile; false: it changed in a way that needs a new look.
 */
export async function readBudget(store: TransferStore, budgetId: string, sink: BudgetSink): Promise<boolean> {
  const state = await store.load(budgetId);
  if (state === undefined) return true;
  const { revision } = state.head;
  for (let after: DayPosition | undefined; ; ) {
    const page = await store.listDays(budgetId, after, PAGE);
    if (page.some((day) => day.revision > revision && !isWithin(state, day))) return false;
    await sink.days(page.filter((day) => day.revision <= revision));
    after = page.at(-1);
    if (page.length < PAGE) break;
  }
  for (let after = ''; ; ) {
    const page = await store.listReceipts(budgetId, '', after, PAGE);
    await sink.receipts(page.filter((receipt) => receipt.revision <= revision));
    after = page.at(-1)?.id ?? '';
    if (page.length < PAGE) break;
  }
  await sink.state(state);
  return true;
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
