import type { UsageDay } from '../../domain/state.js';
import type { Log } from '../../platform/log.js';
import type { StoreMark } from '../store-mark.js';
import type { DayPosition, TransferStore } from '../transfer-store.js';
import type { DataFolderLock } from './data-folder-lock.js';
import { MARK_KEY } from './keys.js';
import { LmdbDays } from './lmdb-days.js';
import type { LmdbFile } from './lmdb-file.js';
import { LmdbStore } from './lmdb-store.js';
import { put } from './value-codec.js';

/** The lock on the folder keeps every service away. */
export class LmdbTransferStore extends LmdbStore implements TransferStore {
  private readonly allDays: LmdbDays;

  constructor(
    file: LmdbFile,
    lock: DataFolderLock,
    log: Log,
    readonly place: string,
  ) {
    super(file, lock, log);
    this.allDays = new LmdbDays(file);
  }

  async listDays(budgetId: string, after: DayPosition | undefined, limit: number): Promise<UsageDay[]> {
    return this.allDays.list(budgetId, after, limit);
  }

  async readMark(): Promise<StoreMark | undefined> {
    return readMark(this.file);
  }

  async setMark(mark: StoreMark | undefined): Promise<void> {
    const version = this.file.view((view) => view.version(MARK_KEY));
    const change = mark === undefined ? { key: MARK_KEY } : put(MARK_KEY, mark, (version ?? 0) + 1);
    await this.file.writeIf(MARK_KEY, version, [change]);
  }

  async runningCopies(): Promise<string[]> {
    return [];
  }
}

export function readMark(file: LmdbFile): StoreMark | undefined {
  return file.view((view) => view.get<StoreMark>(MARK_KEY)?.value);
}
