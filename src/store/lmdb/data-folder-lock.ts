import { close, closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { tryLock } from 'fs-native-extensions';
import { StoreStartError } from '../store-start-error.js';

export interface DataFolderLock {
  release(): Promise<void>;
}

/**
 * One process at a time. The kernel drops the lock when its holder dies, however it dies, so that nothing is ever left to
 * clean up; and it belongs to the open file, so that a second open in the same process is refused too.
 */
export function lockDataFolder(dataDir: string): DataFolderLock {
  const fd = openSync(join(dataDir, 'arbiter.lock'), 'a');
  let locked = false;
  try {
    locked = tryLock(fd);
  } finally {
    if (!locked) closeSync(fd);
  }
  if (!locked) {
    throw new StoreStartError(
      `The data folder ${dataDir} is in use by another process. ` +
        'Stop that one, or give this one a folder of its own with DATA_DIR.',
    );
  }
  return { release: () => promisify(close)(fd) };
}
