import { StartError } from '../platform/start-error.js';
import { markText } from '../store/store-mark.js';
import type { TransferStore } from '../store/transfer-store.js';
import { BudgetDigest, copyBudget } from './copy-budget.js';
import { HeldLabel } from './held-label.js';
import { PassedDocuments } from './passed-documents.js';
import { budgetIds } from './read-budget.js';
import { copyTidyMark, digestOf, receiptsFrom, type TransferContext, type Transferred } from './transfer.js';

/**
 * Replicas every budget, each as it stands at one moment, while the service goes on. Half a backup is never taken for one: its
 * mark says so until all is there and was read back.
 */
export async function backUp(
  source: TransferStore,
  target: TransferStore,
  context: TransferContext,
): Promise<Transferred> {
  const { mark: here } = await source.readLabel();
  if (here?.kind === 'filling')
    throw new StartError(`${source.place} cannot be backed up: ${markText(here)}`);
  const there = await HeldLabel.of(target, context);
  const [any] = await target.list('', 1);
  if (any !== undefined || there.mark !== undefined) {
    throw new StartError(`${target.place} is not empty: name a new folder`);
  }
  const transfer = context.newId();
  await there.set({ kind: 'filling', transfer, from: source.place, raising: false });
  const from = receiptsFrom(context);
  const pieces = 2 * (await source.countDocuments());
  context.progress.begin({ what: 'copying and reading back', pieces, of: 'documents' });
  const passed = new PassedDocuments(context.progress);
  let [budgets, documents] = [0, 0];
  for await (const budgetId of budgetIds(source)) {
    const before = passed.count;
    const read = await copyBudget(source, target, budgetId, passed, () => new BudgetDigest(from));
    documents += passed.count - before;
    const written = await digestOf(target, budgetId, from, passed);
    if (!(read instanceof BudgetDigest) || read.value !== written.value) {
      throw new StartError(
        `budget ${budgetId} did not come out of ${target.place} as it was written: try another disk`,
      );
    }
    budgets += 1;
    context.tell(`${budgetId}: backed up, ${read.dayCount} days and ${read.receiptCount} receipts`);
  }
  await copyTidyMark(source, target);
  await there.set({ kind: 'backup', transfer, from: source.place });
  return { budgets, documents };
}
