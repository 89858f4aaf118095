import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Peer } from './peer.js';

const PAGE = Buffer.alloc(4_096, 1);

/** One page more in a file, flushed to the disk: what a durable commit cannot be faster than. */
export async function fdatasyncPeer(): Promise<Peer> {
  const folder = await mkdtemp(path.join(tmpdir(), 'bench-disk-'));
  const file = await open(path.join(folder, 'pages'), 'w');
  return {
    async call() {
      await file.write(PAGE);
      await file.datasync();
    },
    async close() {
      await file.close();
      await rm(folder, { recursive: true });
    },
  };
}
