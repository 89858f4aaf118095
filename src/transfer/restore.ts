import { raisedNumbers, receiptInEpoch, restoreBudget } from '../domain/leases/restored.js';
import { Ledger } from '../domain/ledger/ledger.js';
import { nextWake } from '../domain/wake.js';
import { StartError } from '../platform/start-error.js';
import type { DenialPosition } from '../store/denial-store.js';
import { StoreError } from '../store/store.js';
import type { DayPosition, TransferStore } from '../store/transfer-store.js';
import { wholeRecord } from './copy-budget.js';
import { HeldLabel } from './held-label.js';
import { budgetIds } from './read-budget.js';
import { checkTarget, copyAll, refuseRunning, type TransferContext, verifyAll } from './transfer.js';

/** Brings a backup back into an empty store. Killed at any moment, it goes on when it is run again. */
export async function restore(
  backup: TransferStore,
  target: TransferStore,
  context: TransferContext,
): Promise<void> {
  const [{ mark }, there] = [await backup.readLabel(), await HeldLabel.of(target, context)];
  if (mark?.kind !== 'backup') {
    throw new StartError(`${backup.place} is no finished backup: make one with the command backup`);
  }
  const { transfer } = mark;
  await checkTarget(target, there.mark, transfer);
  const filling = { kind: 'filling', transfer, from: backup.place } as const;
  // Set in any case: whoever runs the same beside this ends at its next step.
  if (there.mark?.kind === 'filling' && there.mark.raising) await there.set({ ...filling, raising: true });
  else {
    await there.set({ ...filling, raising: false });
    await refuseRunning(target);
    await copyAll(backup, target, context);
    context.tell('verifying');
    await verifyAll(backup, target, context);
    await there.set({ ...filling, raising: true });
  }
  await finish(target, there, context);
}

/** For a store that was put back by other means, as mongorestore or a copied folder. */
export async function restoreInPlace(store: TransferStore, context: TransferContext): Promise<void> {
  const label = await HeldLabel.of(store, context);
  const { mark } = label;
  if (mark?.kind === 'filling' && !mark.raising) {
    throw new StartError(`${store.place} is not whole: a copy from ${mark.from} has not finished here`);
  }
  // Before the mark, which would end a service that runs; and after it, for one that has started meanwhile.
  await refuseRunning(store);
  const raising = { kind: 'filling', transfer: context.newId(), from: store.place, raising: true } as const;
  await label.setAsAnother(raising);
  await refuseRunning(store);
  await finish(store, label, context);
}

async function finish(store: TransferStore, label: HeldLabel, context: TransferContext): Promise<void> {
  await raiseBudgets(store, context.wallMs(), ({ budgetId, endedLeases }) => {
    const ended = endedLeases === 0 ? '' : `, ${endedLeases} leases of that time ended`;
    context.tell(
      `${budgetId}: epoch, fences and revisions are above all that can have been handed out${ended}`,
    );
  });
  await label.set(undefined);
  context.tell(`done: start the service on ${store.place}`);
}

const PAGE = 500;
const DENIALS_PAGE = 50;

interface Raised {
  readonly budgetId: string;
  readonly endedLeases: number;
}

/** Makes every budget of a restored store one that can be served again. Interrupted, it begins anew and comes to the same. */
async function raiseBudgets(
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
  await copyDenials(store, budgetId, state.head.epoch, raised.epoch);
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
  throw new StartError(`budget ${budgetId} changed meanwhile: stop every replica, and run the restore again`);
}

async function copyDays(store: TransferStore, budgetId: string, from: number, to: number): Promise<void> {
  for (let after: DayPosition | undefined; ; ) {
    const page = await store.listDays(budgetId, after, PAGE);
    await store.writeDays(page.filter(({ epoch }) => epoch === from).map((day) => ({ ...day, epoch: to })));
    after = page.at(-1);
    if (page.length < PAGE) return;
  }
}

async function copyDenials(store: TransferStore, budgetId: string, from: number, to: number): Promise<void> {
  for (let after: DenialPosition | undefined; ; ) {
    const page = await store.listDenials(budgetId, after, DENIALS_PAGE);
    const own = page.filter(({ epoch }) => epoch === from);
    await store.writeDenials(own.map((record) => wholeRecord({ ...record, epoch: to })));
    after = page.at(-1);
    if (page.length < DENIALS_PAGE) return;
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
