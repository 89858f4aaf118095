import { close, closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { tryLock } from 'fs-native-extensions';
import { StoreStartError, StoreUnreachable } from '../store.js';

export interface DataFolderLock {
  release(): Promise<void>;
}

const LOCK_FILE = 'arbiter.lock';

/**
 * One process at a time. The kernel drops the lock when its holder dies, however it dies, so that nothing is ever left to
 * clean up; and it belongs to the open file, so that a second open in the same process is refused too.
 */
export function lockDataFolder(dataDir: string): DataFolderLock {
  const lock = tryLockFile(join(dataDir, LOCK_FILE));
  if (lock !== undefined) return lock;
  throw new StoreStartError(
    `The data folder ${dataDir} is in use by another process. ` +
      'Stop that one, or give this one a folder of its own with DATA_DIR.',
  );
}

/** Whether who holds the folder says of itself that it has this process id: then it is in another container. */
export function isHeldAsProcess(dataDir: string, pid: number): boolean {
  return readFileSync(join(dataDir, LOCK_FILE), 'utf8') === `${pid}`;
}

/** Held while LMDB's list of readers is made anew, and while a backup reads beside a service: both at once break both. */
export function lockReaders(dataDir: string): DataFolderLock {
  const lock = tryLockFile(join(dataDir, 'backup.lock'));
  if (lock !== undefined) return lock;
  throw new StoreUnreachable(
    `A backup of the data folder ${dataDir} is being made, or a service opens it just now`,
  );
}

function tryLockFile(path: string): DataFolderLock | undefined {
  const fd = openSync(path, 'a');
  let locked = false;
  try {
    locked = tryLock(fd);
  } finally {
    if (!locked) closeSync(fd);
  }
  if (locked) nameHolder(fd);
  return locked ? { release: () => promisify(close)(fd) } : undefined;
}

/** For a message alone: a full disk keeps nobody from the lock. */
function nameHolder(fd: number): void {
  try {
    ftruncateSync(fd);
    writeSync(fd, `${process.pid}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
  }
}
