import type { UsageDay } from '../../domain/model/state.js';
import type { Log } from '../../platform/log.js';
import type { StoreLabel, StoreMark } from '../store-mark.js';
import type { DayPosition, TransferStore } from '../transfer-store.js';
import type { DataFolderLock } from './data-folder-lock.js';
import { LABEL_KEY, MARK_KEY } from './keys.js';
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

  async readLabel(): Promise<StoreLabel> {
    return this.file.view((view) => {
      const label = view.get<Pick<StoreLabel, 'identity'>>(LABEL_KEY);
      const mark = view.get<StoreMark>(MARK_KEY)?.value;
      return { ...label?.value, revision: label?.version ?? 0, ...(mark && { mark }) };
    });
  }

  /** The folder is locked: as long as this is open, its label can be no other store's. */
  replaceLabel(before: StoreLabel, { identity, revision, mark }: StoreLabel): Promise<boolean> {
    const changes = [
      put(LABEL_KEY, { identity }, revision),
      mark === undefined ? { key: MARK_KEY } : put(MARK_KEY, mark, revision),
    ];
    return this.file.writeIf(LABEL_KEY, before.revision === 0 ? undefined : before.revision, changes);
  }

  async runningCopies(): Promise<string[]> {
    return [];
  }
}

export function readMark(file: LmdbFile): StoreMark | undefined {
  return file.view((view) => view.get<StoreMark>(MARK_KEY)?.value);
}
