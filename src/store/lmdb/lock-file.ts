import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';

/** Room for the readers that LMDB notes there, and more than it asks for. */
const BYTES = 16_384;

/**
 * LMDB maps this file without writing it first: on a disk without room the first touch of it kills the process with a
 * signal. Written here, a full disk is an error like any other. Only for the owner of the folder: nothing in it outlives one.
 */
export function writeLockFile(path: string): void {
  const fd = openSync(`${path}-lock`, 'w');
  try {
    const zeros = Buffer.alloc(BYTES);
    for (let written = 0; written < BYTES; ) written += writeSync(fd, zeros, written);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
