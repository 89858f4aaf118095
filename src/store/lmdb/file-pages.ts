import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { StoreStartError } from '../store.js';

/** A file of LMDB read by its pages, without LMDB, which would die of what it does not understand. */
export class FilePages {
  private readonly seen = new Set<number>();

  private constructor(
    readonly path: string,
    private readonly fd: number,
    readonly bytes: number,
  ) {}

  /** Undefined if there is no file, or an empty one: both mean that LMDB makes a new one. */
  static open(path: string): FilePages | undefined {
    const fd = openExisting(path);
    if (fd === undefined) return undefined;
    const bytes = fstatSync(fd).size;
    if (bytes > 0) return new FilePages(path, fd, bytes);
    closeSync(fd);
    return undefined;
  }

  close(): void {
    closeSync(this.fd);
  }

  damaged(what: string): Error {
    return damagedFile(this.path, what);
  }

  read(position: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    const read = position + length <= this.bytes ? readSync(this.fd, bytes, 0, length, position) : 0;
    if (read === length) return bytes;
    throw this.damaged(`it ends at byte ${this.bytes}, before what stands at ${position}: it was cut short`);
  }

  /** Each page has one use: a tree that bites its tail would never end. */
  claim(page: number, count: number): void {
    for (let taken = page; taken < page + count; taken += 1) {
      if (this.seen.has(taken)) throw this.damaged(`page ${taken} is used twice`);
      this.seen.add(taken);
    }
  }
}

function openExisting(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** What an operator does about it, in every message of a damaged file. */
export const HOW_TO_RESTORE =
  'stop the service and put a backup in its place, or set DATA_DIR to another folder';

function damagedFile(path: string, what: string): StoreStartError {
  return new StoreStartError(
    `${path} is damaged, or not a file of this service (${what}): ${HOW_TO_RESTORE}.`,
  );
}
