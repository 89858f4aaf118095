import { RECEIPT_MEMORY_MS } from '../domain/model/limits.js';
import { StartError } from '../platform/start-error.js';
import type { WorkProgress } from '../platform/work-progress.js';
import { markText, type StoreMark } from '../store/store-mark.js';
import type { TransferStore } from '../store/transfer-store.js';
import { BudgetDigest, copyBudget } from './copy-budget.js';
import { PassedDocuments } from './passed-documents.js';
import { budgetIds, readBudget } from './read-budget.js';

export interface TransferContext {
  /** One line for a person. */
  readonly tell: (line: string) => void;
  /** Milliseconds since 1970. */
  readonly wallMs: () => number;
  readonly newId: () => string;
  readonly progress: WorkProgress;
}

/** What a store has by the end. */
export interface Transferred {
  readonly budgets: number;
  readonly documents: number;
}

/** Receipts so near their end are not compared: either store may remove them at any moment. */
const TIDYING_MARGIN_MS = 3_600_000;

export function receiptsFrom({ wallMs }: TransferContext): number {
  return wallMs() - RECEIPT_MEMORY_MS + TIDYING_MARGIN_MS;
}

/** Replicas every budget that the target does not have yet: after an interruption it goes on where it was. */
export async function copyAll(
  source: TransferStore,
  target: TransferStore,
  { tell, progress }: TransferContext,
): Promise<void> {
  const left = (await source.countDocuments()) - (await target.countDocuments());
  progress.begin({ what: 'copying', pieces: Math.max(0, left), of: 'documents' });
  const passed = new PassedDocuments(progress);
  for await (const budgetId of budgetIds(source)) {
    if ((await target.version(budgetId)) !== undefined) tell(`${budgetId}: copied before`);
    else {
      await copyBudget(source, target, budgetId, passed);
      tell(`${budgetId}: copied`);
    }
  }
  await copyTidyMark(source, target);
}

/** What tidying remembers: what has passed there has passed here, and no budget begins below one that was forgotten. */
export async function copyTidyMark(source: TransferStore, target: TransferStore): Promise<void> {
  const mark = await source.readTidyMark();
  if (mark === undefined) return;
  const { revision = 0 } = (await target.readTidyMark()) ?? {};
  await target.swapTidyMark({ ...mark, revision: revision + 1 });
}

/** Reads both stores whole, and holds what they say against each other. */
export async function verifyAll(
  source: TransferStore,
  target: TransferStore,
  context: TransferContext,
): Promise<Transferred> {
  const from = receiptsFrom(context);
  const pieces = 2 * (await source.countDocuments());
  context.progress.begin({ what: 'verifying', pieces, of: 'documents' });
  const passed = new PassedDocuments(context.progress);
  const known = new Set<string>();
  let documents = 0;
  for await (const budgetId of budgetIds(source)) {
    known.add(budgetId);
    const before = passed.count;
    const here = await digestOf(source, budgetId, from, passed);
    documents += passed.count - before;
    const there = await digestOf(target, budgetId, from, passed);
    if (here.value !== there.value) throw differs(source, target, budgetId);
    context.tell(`${budgetId}: the same in both, ${here.dayCount} days and ${here.receiptCount} receipts`);
  }
  for await (const budgetId of budgetIds(target)) {
    if (!known.has(budgetId)) throw differs(source, target, budgetId);
  }
  return { budgets: known.size, documents };
}

export async function digestOf(
  store: TransferStore,
  budgetId: string,
  from: number,
  passed: PassedDocuments,
): Promise<BudgetDigest> {
  const digest = new BudgetDigest(from);
  if (await readBudget(store, budgetId, passed.into(digest))) return digest;
  throw new StartError(
    `budget ${budgetId} changes in ${store.place}: stop every replica there, and run this again`,
  );
}

/** Nobody serves from it. To be asked after the mark is set: a replica that starts later sees the mark. */
export async function refuseRunning(store: TransferStore): Promise<void> {
  const replicas = await store.runningReplicas();
  if (replicas.length === 0) return;
  throw new StartError(
    `${replicas.length === 1 ? 'a replica runs' : `${replicas.length} replicas run`} on ${store.place}: ` +
      'stop every one, and run this again',
  );
}

/** The target is empty, or filled by this very transfer. */
export async function checkTarget(
  target: TransferStore,
  mark: StoreMark | undefined,
  transfer: string,
): Promise<void> {
  if (mark?.kind === 'filling' && mark.transfer === transfer) return;
  if (mark?.kind === 'filling') {
    throw new StartError(
      `${target.place} is not free: another replica, from ${mark.from}, has begun here; finish that one, or empty this place`,
    );
  }
  if (mark !== undefined) throw new StartError(`${target.place} is not free: ${markText(mark)}`);
  const [any] = await target.list('', 1);
  if (any === undefined) return;
  throw new StartError(
    `${target.place} is not empty, and nothing in it is ever overwritten: name an empty folder or database`,
  );
}

function differs(source: TransferStore, target: TransferStore, budgetId: string): StartError {
  return new StartError(
    `budget ${budgetId} is not the same in ${source.place} and ${target.place}: was either used meanwhile? ` +
      'Stop every replica, empty the target, and begin again',
  );
}
