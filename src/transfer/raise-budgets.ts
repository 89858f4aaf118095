import { raisedNumbers, receiptInEpoch, restoreBudget } from '../domain/leases/restored.js';
import { Ledger } from '../domain/ledger/ledger.js';
import { nextWake } from '../domain/wake.js';
import { StartError } from '../platform/start-error.js';
import { StoreError } from '../store/store.js';
import type { DayPosition, TransferStore } from '../store/transfer-store.js';
import { budgetIds } from './read-budget.js';

const PAGE = 500;

export interface Raised {
  readonly budgetId: string;
  readonly endedLeases: number;
}

/** Makes every budget of a restored store one that can be served again. Interrupted, it begins anew and comes to the same. */
export async function raiseBudgets(
  store: TransferStore,
  wallMs: number,
  tell: (raised: Raised) => void,
): Promise<void> {
  const now = (await store.time()) ?? wallMs;
  for await (const budgetId of budgetIds(store))
    tell(await raiseBudget(store, budgetId, Math.max(now, wallMs)));
}

async function raiseBudget(store: TransferStore, budgetId: string, now: number): Promise<Raised> {
  const state = await store.load(budgetId);
  if (state === undefined) return { budgetId, endedLeases: 0 };
  const ledger = Ledger.of(budgetId, state);
  const raised = raisedNumbers(state.head, now);
  // Before the commit that makes them count.
  await copyDays(store, budgetId, state.head.epoch, raised.epoch);
  await copyReceipts(store, budgetId, state.head.epoch, raised.epoch);
  const endedLeases = ledger.tables.leases.size;
  restoreBudget(ledger, raised, Math.max(now, ledger.clock));
  const { epoch, revision } = state.head;
  const patch = ledger.takePatch(nextWake(ledger));
  const outcome = await store.commit(budgetId, { epoch, revision }, patch).catch((error: unknown) => {
    if (error instanceof StoreError && error.failure === 'unknown') return 'lost' as const;
    throw error;
  });
  const found = outcome === 'won' ? patch.head : await store.version(budgetId);
  if (found?.epoch === patch.head.epoch && found.revision === patch.head.revision)
    return { budgetId, endedLeases };
  throw new StartError(
    `budget ${budgetId} changed meanwhile: stop every copy of the service, and run the restore again`,
  );
}

async function copyDays(store: TransferStore, budgetId: string, from: number, to: number): Promise<void> {
  for (let after: DayPosition | undefined; ; ) {
    const page = await store.listDays(budgetId, after, PAGE);
    await store.writeDays(page.filter(({ epoch }) => epoch === from).map((day) => ({ ...day, epoch: to })));
    after = page.at(-1);
    if (page.length < PAGE) return;
  }
}

async function copyReceipts(store: TransferStore, budgetId: string, from: number, to: number): Promise<void> {
  const prefix = `${from}:`;
  for (let after = prefix; ; ) {
    const page = await store.listReceipts(budgetId, prefix, after, PAGE);
    await store.writeReceipts(
      budgetId,
      page.map((receipt) => receiptInEpoch(receipt, to)),
    );
    after = page.at(-1)?.id ?? '';
    if (page.length < PAGE) return;
  }
}
