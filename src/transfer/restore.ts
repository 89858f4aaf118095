import { StartError } from '../platform/start-error.js';
import type { TransferStore } from '../store/transfer-store.js';
import { HeldLabel } from './held-label.js';
import { raiseBudgets } from './raise-budgets.js';
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
