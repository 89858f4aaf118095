import { close, closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { tryLock } from 'fs-native-extensions';
import { StoreStartError, StoreUnreachable } from '../store.js';

export interface DataFolderLock {
  release(): Promise<void>;
}

/**
 * One process at a time. The kernel drops the lock when its holder dies, however it dies, so that nothing is ever left to
 * clean up; and it belongs to the open file, so that a second open in the same process is refused too.
 */
export function lockDataFolder(dataDir: string): DataFolderLock {
  const lock = tryLockFile(join(dataDir, 'arbiter.lock'));
  if (lock !== undefined) return lock;
  throw new StoreStartError(
    `The data folder ${dataDir} is in use by another process. ` +
      'Stop that one, or give this one a folder of its own with DATA_DIR.',
  );
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
  return locked ? { release: () => promisify(close)(fd) } : undefined;
}
