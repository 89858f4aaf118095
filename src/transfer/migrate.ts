import { StartError } from '../platform/start-error.js';
import { markText } from '../store/store-mark.js';
import type { TransferStore } from '../store/transfer-store.js';
import { checkTarget, copyAll, refuseRunning, type TransferContext, verifyAll } from './transfer.js';

/**
 * Moves everything from one store to an empty one. Marks keep services away from both until it is done, and from the source
 * after that. Killed at any moment, it goes on where it was when it is run again.
 */
export async function migrate(
  source: TransferStore,
  target: TransferStore,
  context: TransferContext,
): Promise<void> {
  const { tell } = context;
  const [here, there] = [await source.readMark(), await target.readMark()];
  if (here?.kind === 'moved' && there?.kind !== 'filling') {
    throw new StartError(`nothing to do in ${source.place}: ${markText(here)}`);
  }
  if (here?.kind === 'filling' || here?.kind === 'backup') {
    throw new StartError(`${source.place} cannot be migrated: ${markText(here)}`);
  }
  const transfer = here?.transfer ?? context.newId();
  await checkTarget(target, there, transfer);
  // Before the mark, which would end a service that runs; and after it, for one that has started meanwhile.
  await refuseRunning(source);
  if (here?.kind !== 'moved') await source.setMark({ kind: 'leaving', transfer, to: target.place });
  await refuseRunning(source);
  await target.setMark({ kind: 'filling', transfer, from: source.place, raising: false });
  await refuseRunning(target);
  await copyAll(source, target, context);
  tell('verifying');
  await verifyAll(source, target, context);
  // In this order: at no moment may a service start on both.
  await source.setMark({ kind: 'moved', transfer, to: target.place });
  await target.setMark(undefined);
  tell(`done: start the service on ${target.place}; ${source.place} is kept, and no service starts on it`);
}

/** Gives the source back to the service, while its migration has not been finished. */
export async function cancelMigration(source: TransferStore, { tell }: TransferContext): Promise<void> {
  const mark = await source.readMark();
  if (mark?.kind !== 'leaving') {
    const why = mark === undefined ? 'no migration of it has begun' : markText(mark);
    throw new StartError(`there is nothing to call off in ${source.place}: ${why}`);
  }
  await source.setMark(undefined);
  tell(
    `called off: the service may be started on ${source.place} again; empty ${mark.to} before it is used for anything`,
  );
}
