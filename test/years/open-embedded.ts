import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLmdbStore } from '../../src/store/lmdb/open-lmdb-store.js';
import type { OpenStore } from './machine.js';

/** Where a flush costs nothing, if there is such a place: it is not the disk that is tried here. */
export function openEmbedded(): { open: OpenStore; remove: () => void } {
  const dataDir = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'years-'));
  return {
    open: () => openLmdbStore({ dataDir }),
    remove: () => rmSync(dataDir, { recursive: true, force: true }),
  };
}
