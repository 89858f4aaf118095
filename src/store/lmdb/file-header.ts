import { closeSync, openSync, readSync } from 'node:fs';
import { StoreStartError } from '../store-start-error.js';

/** A page of LMDB starts with 24 bytes that say what it is; the first two pages then tell of the whole file. */
const MAGIC_AT = 24;
const PAGE_SIZE_AT = 48;
const HEADER_BYTES = 52;
const MAGIC = 0xbeefc0de;

/**
 * LMDB dies of a segmentation fault when it is given a file that it cannot read, and so would this process, without a word.
 * An absent or empty file is fine: a new one.
 */
export function checkHeader(path: string): void {
  const fd = openExisting(path);
  if (fd === undefined) return;
  try {
    const first = readAt(fd, 0);
    if (first.length === 0) return;
    const pageSize = isHeader(first) ? first.readUInt32LE(PAGE_SIZE_AT) : 0;
    if (pageSize > 0 && isHeader(readAt(fd, pageSize))) return;
  } finally {
    closeSync(fd);
  }
  throw new StoreStartError(
    `${path} is damaged, or not a file of this service: put a backup in its place, or set DATA_DIR to another folder.`,
  );
}

function openExisting(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function readAt(fd: number, position: number): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  return bytes.subarray(0, readSync(fd, bytes, 0, HEADER_BYTES, position));
}

function isHeader(bytes: Buffer): boolean {
  return bytes.length === HEADER_BYTES && bytes.readUInt32LE(MAGIC_AT) === MAGIC;
}
