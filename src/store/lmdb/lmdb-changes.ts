import { KEPT_CHANGES, type StoredChange } from '../../domain/model/changes.js';
import { changeKey, rangeUnder } from './keys.js';
import type { LmdbFile } from './lmdb-file.js';
import { put } from './value-codec.js';

/** Records of changes, by budget and number; the version in LMDB is the revision, and only a higher one replaces it. */
export class LmdbChanges {
  constructor(private readonly file: LmdbFile) {}

  async write(budgetId: string, changes: readonly StoredChange[]): Promise<void> {
    if (changes.length === 0) return;
    await Promise.all(changes.map((change) => this.writeOne(budgetId, change)));
    await this.trim(budgetId, Math.max(...changes.map(({ number }) => number)) - KEPT_CHANGES);
  }

  /** The newest first. */
  read(budgetId: string, below: number, limit: number): StoredChange[] {
    const { start } = rangeUnder('c', budgetId);
    const range = { start, end: changeKey(budgetId, below) };
    // There are few: trimmed with every write.
    return this.file.view((view) =>
      Array.from(view.range<StoredChange>(range), ({ value }) => value)
        .reverse()
        .slice(0, limit),
    );
  }

  private async trim(budgetId: string, upTo: number): Promise<void> {
    if (upTo < 1) return;
    const { start } = rangeUnder('c', budgetId);
    const range = { start, end: changeKey(budgetId, upTo + 1) };
    const old = this.file.view((view) => Array.from(view.keys(range), (key) => Buffer.from(key)));
    for (const key of old) {
      const version = this.file.view((view) => view.version(key));
      if (version !== undefined) await this.file.writeIf(key, version, [{ key }]);
    }
  }

  private async writeOne(budgetId: string, change: StoredChange): Promise<void> {
    const key = changeKey(budgetId, change.number);
    for (;;) {
      const version = this.file.view((view) => view.version(key));
      if (version !== undefined && version >= change.revision) return;
      if (await this.file.writeIf(key, version, [put(key, change, change.revision)])) return;
    }
  }
}
