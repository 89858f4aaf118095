import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { open } from 'lmdb';
import { PROCESS_SCHEDULER } from '../../platform/scheduler.js';
import type { WorkProgress } from '../../platform/work-progress.js';
import { StoreStartError } from '../store.js';
import { type DataFolderLock, isHeldAsProcess, lockDataFolder, lockReaders } from './data-folder-lock.js';
import { checkFile } from './file-check.js';
import { DATA_FILE, flushFolder, makePrivateFolder } from './open-lmdb-store.js';

const LOOK_EVERY_MS = 100;

/**
 * Replicas the file of a data folder as it stands at one moment, while a service writes to it or while none does: a reader
 * of LMDB, which keeps the pages that it sees from being written over. A copy by the file system would mix moments.
 */
export async function copyDataFolder(from: string, to: string, progress: WorkProgress): Promise<void> {
  const [source, target] = [resolve(from), resolve(to)];
  const file = join(source, DATA_FILE);
  if (!existsSync(file))
    throw new StoreStartError(`There is no data of this service in the folder ${source}.`);
  if (existsSync(target) && readdirSync(target).length > 0) {
    throw new StoreStartError(`The folder ${target} is not empty: name a new one.`);
  }
  makePrivateFolder(target);
  const readers = lockReaders(source);
  const lock = lockIfFree(source);
  try {
    if (lock === undefined) refuseSameProcessId(source);
    const db = open({ path: file, noSubdir: true, readOnly: true });
    try {
      const over = watchGrowth(file, join(target, DATA_FILE), progress);
      await db.backup(join(target, DATA_FILE), false).finally(over);
    } finally {
      await db.close();
    }
    checkFile(join(target, DATA_FILE));
    await flushFolder(target);
  } finally {
    await lock?.release();
    await readers.release();
  }
}

/** LMDB knows its readers by their process ids, and in a second container those begin at 1 as in the service's. */
function refuseSameProcessId(folder: string): void {
  if (!isHeldAsProcess(folder, process.pid)) return;
  throw new StoreStartError(
    `The service on ${folder} has the process id of this command, ${process.pid}, in another container, and LMDB cannot tell the ` +
      "two apart. Run the command in the service's container, or as another than the first process of its own.",
  );
}

/** LMDB does not say how far it is; the size of its file does. The returned function ends that. */
function watchGrowth(source: string, target: string, progress: WorkProgress): () => void {
  const sizeOf = (file: string) => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  progress.begin({ what: 'copying', pieces: sizeOf(source), of: 'bytes' });
  let cancel: () => void;
  const look = (): void => {
    progress.reach(sizeOf(target));
    cancel = PROCESS_SCHEDULER.after(LOOK_EVERY_MS, look);
  };
  look();
  return () => cancel();
}

/** Where no service runs, none shall start until the copy is made. */
function lockIfFree(folder: string): DataFolderLock | undefined {
  try {
    return lockDataFolder(folder);
  } catch (error) {
    if (error instanceof StoreStartError) return undefined;
    throw error;
  }
}
