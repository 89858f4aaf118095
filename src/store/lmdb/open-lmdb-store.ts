import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { open as openHandle } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type Log, SILENT_LOG } from '../../platform/log.js';
import { type BudgetStore, StoreStartError, StoreUnreachable } from '../store.js';
import { refuseMarked } from '../store-mark.js';
import type { TransferStore } from '../transfer-store.js';
import { type DataFolderLock, lockDataFolder, lockReaders } from './data-folder-lock.js';
import { checkFile } from './file-check.js';
import { FORMAT_KEY } from './keys.js';
import { LmdbFile } from './lmdb-file.js';
import { LmdbStore, LmdbTransferStore, readMark } from './lmdb-store.js';
import { put } from './value-codec.js';

export interface LmdbStoreOptions {
  readonly dataDir: string;
  readonly log?: Log;
}

/** The one file of a data folder that counts; the others are locks. */
export const DATA_FILE = 'budgets.mdb';

/** The newest format of the file that this code reads and writes. In format 1, all values were JSON. */
const FILE_FORMAT = 2;

/** The embedded store: durable in one folder, for one process at a time. Throws a `StoreStartError` for an operator. */
export async function openLmdbStore({ dataDir, log = SILENT_LOG }: LmdbStoreOptions): Promise<BudgetStore> {
  return openDataFolder(dataDir, (file, lock, folder) => {
    refuseMarked(folder, readMark(file));
    return new LmdbStore(file, lock, log);
  });
}

/** The same for a migration, a backup or a restore. */
export function openLmdbTransfer({ dataDir, log = SILENT_LOG }: LmdbStoreOptions): Promise<TransferStore> {
  return openDataFolder(dataDir, (file, lock, folder) => new LmdbTransferStore(file, lock, log, folder));
}

async function openDataFolder<T>(
  dataDir: string,
  use: (file: LmdbFile, lock: DataFolderLock, folder: string) => T,
): Promise<T> {
  const folder = resolve(dataDir);
  return naming(folder, async () => {
    makePrivateFolder(folder);
    const lock = lockDataFolder(folder);
    let file: LmdbFile | undefined;
    try {
      const path = join(folder, DATA_FILE);
      checkFile(path);
      file = await openFile(folder, path);
      await claimFormat(file);
      await flushFolder(folder);
      return use(file, lock, folder);
    } catch (error) {
      await file?.close();
      await lock.release();
      throw error;
    }
  });
}

async function openFile(folder: string, path: string): Promise<LmdbFile> {
  const readers = lockReaders(folder);
  try {
    writeLockFile(path);
    return LmdbFile.open(path);
  } finally {
    await readers.release();
  }
}

/** For nobody else: it tells who spends how much on what. */
const PRIVATE_FOLDER = 0o700;

/**
 * As `mkdir -p`, for its owner alone. Node's own never ends below a folder that exists and takes no other, as `/proc`. A folder
 * that is there stays as open as it is.
 */
export function makePrivateFolder(folder: string): void {
  if (existsSync(folder)) return;
  const parent = dirname(folder);
  if (parent !== folder) makePrivateFolder(parent);
  mkdirSync(folder, { mode: PRIVATE_FOLDER });
}

async function claimFormat(file: LmdbFile): Promise<void> {
  const stored = file.view((view) => view.get<number>(FORMAT_KEY)?.value);
  if (stored !== undefined && stored > FILE_FORMAT) {
    throw new StoreStartError(
      `${file.path} has format ${stored}, newer than the ${FILE_FORMAT} that this version knows: run a newer version.`,
    );
  }
  if (stored === FILE_FORMAT) return;
  const version = stored === undefined ? undefined : 0;
  await file.writeIf(FORMAT_KEY, version, [put(FORMAT_KEY, FILE_FORMAT)]);
}

/** LMDB flushes what is in its file, not the file's name in its folder. */
export async function flushFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await openHandle(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function naming<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StoreStartError || error instanceof StoreUnreachable) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new StoreStartError(`Cannot use the data folder ${folder}: ${reason}`, { cause: error });
  }
}

/** Room for the readers that LMDB notes there, and more than it asks for. */
const BYTES = 16_384;

/**
 * LMDB maps this file without writing it first: on a disk without room the first touch of it kills the process with a
 * signal. Written here, a full disk is an error like any other. Only for the owner of the folder: nothing in it outlives one.
 */
function writeLockFile(path: string): void {
  const fd = openSync(`${path}-lock`, 'w');
  try {
    const zeros = Buffer.alloc(BYTES);
    for (let written = 0; written < BYTES; ) written += writeSync(fd, zeros, written);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
