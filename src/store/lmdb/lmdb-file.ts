import { constants } from 'node:os';
import { open, type RangeOptions, type RootDatabase, type RootDatabaseOptionsWithPath } from 'lmdb';
import { StoreError } from '../store.js';
import { FileRoom } from './file-room.js';
import type { Key, KeyRange } from './keys.js';
import { type Change, decodeValue } from './value-codec.js';
import { WriteGatherer } from './write-gatherer.js';

type Database = RootDatabase<Uint8Array, Uint8Array>;
type Transaction = NonNullable<RangeOptions['transaction']>;

const NO_KEY = Buffer.from('-');

export interface Entry<T> {
  readonly key: Uint8Array;
  readonly value: T;
  readonly version: number;
}

/** One LMDB file: consistent views of it, and conditional writes that are on disk when they are answered. */
export class LmdbFile {
  private closed = false;
  private readonly room: FileRoom;
  private readonly gatherer = new WriteGatherer(() => this.beginWriting());

  private constructor(
    private readonly db: Database,
    readonly path: string,
  ) {
    this.room = new FileRoom(path);
  }

  static open(path: string): LmdbFile {
    const db = open<Uint8Array, Uint8Array>({
      path,
      noSubdir: true,
      encoding: 'binary',
      keyEncoding: 'binary',
      useVersions: true,
      // A write is answered after its flush.
      overlappingSync: false,
      // Else LMDB opens every batch with a promise of its own that nobody can catch, and a full disk ends the process.
      eventTurnBatching: false,
      // See `beginWriting`.
      txnStartThreshold: 1,
    } as RootDatabaseOptionsWithPath);
    return new LmdbFile(db, path);
  }

  /** All that `read` sees is of one moment: every write that was answered before, whole, and no half of another. */
  view<T>(read: (view: LmdbView) => T): T {
    this.checkOpen();
    try {
      this.db.resetReadTxn();
      const transaction = this.db.useReadTransaction();
      try {
        return read(new LmdbView(this.db, this.path, transaction));
      } finally {
        transaction.done();
      }
    } catch (error) {
      throw readError(this.path, error);
    }
  }

  /**
   * One transaction: applies all changes if the guard's version is `version` (undefined: if there is no such key), else none.
   * Nothing may throw between the first and the last change, or those before it would be written: so all that can fail,
   * encoding and the lengths of keys, is done before.
   */
  async writeIf(guard: Key, version: number | undefined, changes: readonly Change[]): Promise<boolean> {
    this.checkOpen();
    const taken = await this.room.take(changes);
    try {
      this.checkOpen();
      return await new Promise<boolean>((resolve, reject) => {
        this.gatherer.add(() => void this.give(guard, version, changes).then(resolve, reject));
      });
    } catch (error) {
      throw await writeError(this.path, error);
    } finally {
      this.room.give(taken);
    }
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.gatherer.send();
    await this.db.close();
  }

  private async give(guard: Key, version: number | undefined, changes: readonly Change[]): Promise<boolean> {
    // LMDB's way to say "absent" is null; undefined would make the write unconditional.
    return this.db.ifVersion(guard, (version ?? null) as number, () => {
      for (const { key, bytes, version: stamped = 0 } of changes) {
        if (bytes) this.db.put(key, bytes, stamped);
        else this.db.remove(key);
      }
    });
  }

  /**
   * LMDB for Node begins to write in the next turn of the event loop, after everything that waits in this one, or with a
   * second write: this one, of nothing, whatever becomes of it.
   */
  private beginWriting(): void {
    this.db.ifVersion(NO_KEY, 1, () => {}).catch(() => {});
  }

  private checkOpen(): void {
    if (this.closed) throw new StoreError('unavailable', `${this.path} is closed.`);
  }
}

export class LmdbView {
  constructor(
    private readonly db: Database,
    private readonly path: string,
    private readonly transaction: Transaction,
  ) {}

  get<T>(key: Key): Entry<T> | undefined {
    const found = this.db.getEntry(key, { transaction: this.transaction });
    return found && this.decode<T>(key, found.value, found.version);
  }

  version(key: Key): number | undefined {
    return this.db.getEntry(key, { transaction: this.transaction })?.version;
  }

  *range<T>({ start, end }: KeyRange): Generator<Entry<T>> {
    const options = { start, end, versions: true, transaction: this.transaction };
    for (const { key, value, version } of this.db.getRange(options)) {
      yield this.decode<T>(key, value, version);
    }
  }

  keys({ start, end }: KeyRange, limit?: number): Iterable<Uint8Array> {
    return this.db.getKeys({
      start,
      end,
      transaction: this.transaction,
      ...(limit !== undefined && { limit }),
    });
  }

  /** Without reading what stands under the keys. */
  count({ start, end }: KeyRange): number {
    return this.db.getKeysCount({ start, end, transaction: this.transaction });
  }

  private decode<T>(key: Uint8Array, stored: Uint8Array, version = 0): Entry<T> {
    return { key, value: decodeValue<T>(this.path, key, version, stored), version };
  }
}

const { ENOSPC, EDQUOT, EFBIG, EROFS, EACCES, EPERM } = constants.errno;

/** LMDB's own: the map or a transaction is full. */
const MDB_MAP_FULL = -30792;
const MDB_TXN_FULL = -30788;

/**
 * With these, LMDB gave up before it wrote the page that makes a transaction valid, and this process is the only one that
 * could: certainly not applied.
 */
const NOTHING_WRITTEN: ReadonlySet<unknown> = new Set([
  ENOSPC,
  EDQUOT,
  EFBIG,
  EROFS,
  EACCES,
  EPERM,
  MDB_MAP_FULL,
  MDB_TXN_FULL,
]);

function readError(path: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  return new StoreError('unavailable', `Cannot read ${path}: ${textOf(error)}`, { cause: error });
}

/** Call it in the same turn as the failure: the cause is a promise that has already rejected. */
async function writeError(path: string, error: unknown): Promise<StoreError> {
  if (error instanceof StoreError) return error;
  const cause = await rootCause(error);
  const failure = NOTHING_WRITTEN.has(codeOf(cause)) ? 'unavailable' : 'unknown';
  return new StoreError(failure, `Cannot write ${path}: ${textOf(cause)}`, { cause });
}

/** Every write of a failed transaction is rejected with the same text; what happened stands in `commitError`. */
async function rootCause(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !('commitError' in error)) return error;
  try {
    await error.commitError;
    return error;
  } catch (cause) {
    return cause;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
