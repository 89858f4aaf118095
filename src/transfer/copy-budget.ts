import { SECTIONS, type SectionPut, type StatePatch, type StoredState } from '../domain/model/state.js';
import { StartError } from '../platform/start-error.js';
import { StoreError } from '../store/store.js';
import type { TransferStore } from '../store/transfer-store.js';
import { type BudgetSink, readBudget } from './read-budget.js';

const TRIES = 5;

/** Copies one budget; its state comes last, so that a budget that has one is there whole. */
export async function copyBudget(
  source: TransferStore,
  target: TransferStore,
  budgetId: string,
  beside?: () => BudgetSink,
): Promise<BudgetSink | undefined> {
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const watcher = beside?.();
    const sink = tee(writing(target, budgetId), watcher);
    if (await readBudget(source, budgetId, sink)) return watcher;
  }
  throw new StartError(
    `the closed days of budget ${budgetId} are being changed all the time: try again later`,
  );
}

function writing(target: TransferStore, budgetId: string): BudgetSink {
  return {
    days: (days) => target.writeDays(days),
    receipts: (receipts) => target.writeReceipts(budgetId, receipts),
    state: (state) => create(target, budgetId, state),
  };
}

/** A commit whose outcome is not known was made if the version is there. */
async function create(target: TransferStore, budgetId: string, state: StoredState): Promise<void> {
  const { epoch, revision } = state.head;
  const outcome = await target.commit(budgetId, undefined, wholePatch(state)).catch((error: unknown) => {
    if (error instanceof StoreError && error.failure === 'unknown') return 'lost' as const;
    throw error;
  });
  if (outcome === 'won') return;
  const found = await target.version(budgetId);
  if (found?.epoch === epoch && found.revision === revision) return;
  throw new StartError(
    `budget ${budgetId} could not be written to ${target.place}: run the same command again`,
  );
}

export function wholePatch({ head, sections }: StoredState): StatePatch {
  const puts = SECTIONS.flatMap((section) => {
    const entries: ReadonlyMap<string, SectionPut['value']> = sections[section];
    return Array.from(entries, ([key, value]) => ({ section, key, value }));
  });
  return { head, resets: [], puts, drops: [] };
}

function tee(first: BudgetSink, second: BudgetSink | undefined): BudgetSink {
  if (second === undefined) return first;
  return {
    days: async (days) => void (await Promise.all([first.days(days), second.days(days)])),
    receipts: async (receipts) =>
      void (await Promise.all([first.receipts(receipts), second.receipts(receipts)])),
    state: async (state) => void (await Promise.all([first.state(state), second.state(state)])),
  };
}
