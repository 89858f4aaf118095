import { closeSync, fstatSync, openSync, writeSync } from 'node:fs';
import { StoreError } from '../store.js';
import { usedBytes } from './file-header.js';
import { FilePages } from './file-pages.js';
import type { Change } from './value-codec.js';

/** LMDB copies at least the page that a change is on; a page that splits is paid by what made it grow. */
const PAGE = 4_096;
/** For what every transaction writes besides: the way to the root, and the list of free pages. */
const BESIDES = 16 * PAGE;
/** Kept for writes that remove more than they add: they must work when the disk is full, since they make room. */
const KEPT_FOR_REMOVALS = 128 * PAGE;
/** The file grows by so much at least, so that it seldom has to. */
const STEP = 1_024 * PAGE;
/** Written again and again: one of the length of a step would stay in the memory of an idle process for long. */
const ZEROS = Buffer.alloc(16 * PAGE);

/**
 * Room on the disk that is taken before LMDB needs it. When a write of LMDB 3.5.6 for Node finds no room, it puts its message
 * into 100 bytes, and the message is longer in a file above 10 MB: the memory of the process is damaged. So it must never
 * find none: the file is longer than what is in use, by zeros that are on the disk already.
 */
export class FileRoom {
  /** By writes under way, and by all since the last look at what LMDB uses. */
  private taken = 0;
  private takenSinceLook = 0;
  private writes = 0;
  private growing: Promise<Error | undefined> | undefined;
  private drained: (() => void) | undefined;
  /** Where what LMDB uses ends, and where the file does. */
  private used = 0;
  private end = 0;

  constructor(private readonly path: string) {}

  /** Before a write. Throws a `StoreError` if there is no room and none to be had. */
  async take(changes: readonly Change[]): Promise<number> {
    const needed = neededBy(changes);
    const spare = removes(changes) ? BESIDES : BESIDES + KEPT_FOR_REMOVALS;
    while (this.growing || !this.fits(needed + spare)) {
      const failure = await this.grown(needed + spare);
      if (failure === undefined || this.fits(needed + spare)) continue;
      throw new StoreError('unavailable', `Cannot write ${this.path}: ${failure.message}`, {
        cause: failure,
      });
    }
    this.taken += needed;
    this.takenSinceLook += needed;
    this.writes += 1;
    return needed;
  }

  /** After the write, whatever became of it. */
  give(needed: number): void {
    this.taken -= needed;
    this.writes -= 1;
    if (this.writes === 0) this.drained?.();
  }

  private fits(needed: number): boolean {
    if (this.left >= needed) return true;
    this.look();
    return this.left >= needed;
  }

  private get left(): number {
    return this.end - this.used - this.takenSinceLook;
  }

  private look(): void {
    const pages = FilePages.open(this.path);
    if (pages === undefined) return;
    try {
      this.used = usedBytes(pages);
      this.takenSinceLook = this.taken;
    } finally {
      pages.close();
    }
  }

  private grown(needed: number): Promise<Error | undefined> {
    this.growing ??= this.grow(this.taken + needed)
      .then(
        () => undefined,
        (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
      )
      .finally(() => {
        this.growing = undefined;
      });
    return this.growing;
  }

  /** Only while LMDB writes nothing: what is beyond the last page that it uses is then nobody's. */
  private async grow(needed: number): Promise<void> {
    if (this.writes > 0) await new Promise<void>((resolve) => (this.drained = resolve));
    this.drained = undefined;
    this.look();
    const fd = openSync(this.path, 'r+');
    try {
      const goal = this.used + Math.max(STEP, needed);
      // What an earlier process left is trusted if it is on the disk, and not only promised.
      const { size, blocks } = fstatSync(fd);
      const whole = blocks * 512 >= size;
      this.end = Math.max(this.end, whole ? size : Math.min(size, this.used));
      while (this.end < goal) {
        this.end += writeSync(fd, ZEROS, 0, Math.min(ZEROS.length, goal - this.end), this.end);
      }
    } finally {
      closeSync(fd);
    }
  }
}

function neededBy(changes: readonly Change[]): number {
  return changes.reduce((sum, { bytes }) => sum + PAGE + 2 * (bytes?.length ?? 0), 0);
}

function removes(changes: readonly Change[]): boolean {
  return changes.filter(({ bytes }) => bytes === undefined).length * 2 >= changes.length;
}
