import { StartError } from '../platform/start-error.js';
import { markText, type StoreMark } from '../store/store-mark.js';
import type { TransferStore } from '../store/transfer-store.js';
import { HeldLabel } from './held-label.js';
import {
  checkTarget,
  copyAll,
  refuseRunning,
  type TransferContext,
  type Transferred,
  verifyAll,
} from './transfer.js';

/**
 * Moves everything from one store to an empty one. Marks keep services away from both until it is done, and from the source
 * after that. Killed at any moment, it goes on where it was when it is run again; but into no other store: a source that was
 * copied into two of them would be served from both, and every budget be spent twice.
 */
export async function migrate(
  source: TransferStore,
  target: TransferStore,
  context: TransferContext,
): Promise<Transferred> {
  const { tell } = context;
  const [here, there] = [await HeldLabel.of(source, context), await HeldLabel.of(target, context)];
  refuseUnfit(source.place, here.mark, there.mark);
  const transfer = here.mark?.transfer ?? context.newId();
  await checkTarget(target, there.mark, transfer);
  const identity = await there.identify();
  if (here.identity === identity) throw new StartError(`${source.place} and ${target.place} are one store`);
  refuseOther(source.place, here.mark, identity);
  // Before the mark, which would end a service that runs; and after it, for one that has started meanwhile.
  await refuseRunning(source);
  const binding = { transfer, to: target.place, target: identity };
  // Also where it stands there already: whoever runs the same beside this ends at its next step.
  await here.set({ kind: here.mark?.kind === 'moved' ? 'moved' : 'leaving', ...binding });
  await refuseRunning(source);
  await there.set({ kind: 'filling', transfer, from: source.place, raising: false });
  await refuseRunning(target);
  await copyAll(source, target, context);
  tell('verifying');
  const transferred = await verifyAll(source, target, context);
  // In this order: at no moment may a service start on both.
  await here.set({ kind: 'moved', ...binding });
  await there.set(undefined);
  tell(`done: start the service on ${target.place}; ${source.place} is kept, and no service starts on it`);
  return transferred;
}

function refuseUnfit(place: string, here: StoreMark | undefined, there: StoreMark | undefined): void {
  if (here?.kind === 'moved' && there?.kind !== 'filling') {
    throw new StartError(`nothing to do in ${place}: ${markText(here)}`);
  }
  if (here?.kind === 'filling' || here?.kind === 'backup') {
    throw new StartError(`${place} cannot be migrated: ${markText(here)}`);
  }
}

/** A migration that has begun goes to the store that it began with. */
function refuseOther(place: string, here: StoreMark | undefined, identity: string): void {
  if (here?.kind !== 'leaving' && here?.kind !== 'moved') return;
  if (here.target === identity) return;
  const way =
    here.kind === 'moved'
      ? 'start the service there'
      : 'finish it there, or call it off with migrate --cancel before it goes to another store';
  const since =
    here.target === undefined ? '' : ', as it was then: one that was emptied since is another store';
  throw new StartError(`a migration of ${place} has begun, to ${here.to}${since}; ${way}`);
}

/** Gives the source back to the service, while its migration has not been finished. */
export async function cancelMigration(source: TransferStore, context: TransferContext): Promise<void> {
  const here = await HeldLabel.of(source, context);
  const { mark } = here;
  if (mark?.kind !== 'leaving') {
    const why = mark === undefined ? 'no migration of it has begun' : markText(mark);
    throw new StartError(`there is nothing to call off in ${source.place}: ${why}`);
  }
  await here.set(undefined);
  context.tell(
    `called off: the service may be started on ${source.place} again; empty ${mark.to} before it is used for anything`,
  );
}
