import type { Receipt, StatePatch } from '../../domain/state.js';
import {
  type Key,
  keyAfter,
  keyParts,
  receiptKey,
  receiptRange,
  receiptTimeKey,
  receiptTimesBefore,
} from './keys.js';
import type { LmdbFile } from './lmdb-file.js';
import { type Change, put } from './value-codec.js';

/** How many are removed before other work gets its turn. */
const TIDY_BATCH = 500;

interface Removal {
  readonly key: Key;
  readonly version: number | undefined;
  /** What is old goes with its mark; of what was written again meanwhile, the old mark alone. */
  readonly changes: readonly Change[];
}

/** Receipts, as usage documents; beside each a mark by its time, so that tidying reads old ones only. */
export class LmdbReceipts {
  constructor(private readonly file: LmdbFile) {}

  async write(budgetId: string, receipts: readonly Receipt[]): Promise<void> {
    await Promise.all(receipts.map((receipt) => this.writeOne(budgetId, receipt)));
  }

  /** Of those that a commit puts into the outbox: what the commit writes for them. Its revision is above that of any other. */
  changes(budgetId: string, { puts }: StatePatch): Change[] {
    return puts.flatMap(({ section, value }) =>
      section === 'outbox' ? changesOf(budgetId, value as Receipt) : [],
    );
  }

  find(budgetId: string, ids: readonly string[]): Map<string, Receipt> {
    return this.file.view((view) => {
      const found = new Map<string, Receipt>();
      for (const id of ids) {
        const entry = view.get<Receipt>(receiptKey(budgetId, id));
        if (entry) found.set(id, entry.value);
      }
      return found;
    });
  }

  list(budgetId: string, prefix: string, after: string, limit: number): Receipt[] {
    const range = receiptRange(budgetId, prefix);
    const next = keyAfter(receiptKey(budgetId, after));
    const start = Buffer.compare(next, range.start) > 0 ? next : range.start;
    return this.file.view((view) => {
      const listed: Receipt[] = [];
      if (Buffer.compare(start, range.end) >= 0) return listed;
      for (const { value } of view.range<Receipt>({ start, end: range.end })) {
        if (listed.length >= limit) break;
        listed.push(value);
      }
      return listed;
    });
  }

  async tidy(before: number): Promise<void> {
    for (;;) {
      const old = this.olderThan(before, TIDY_BATCH);
      const removed = await Promise.all(
        old.map(({ key, version, changes }) => this.file.writeIf(key, version, changes)),
      );
      if (old.length < TIDY_BATCH || !removed.includes(true)) return;
    }
  }

  private async writeOne(budgetId: string, receipt: Receipt): Promise<void> {
    const key = receiptKey(budgetId, receipt.id);
    for (;;) {
      const version = this.file.view((view) => view.version(key));
      if (version !== undefined && version >= receipt.revision) return;
      if (await this.file.writeIf(key, version, changesOf(budgetId, receipt))) return;
    }
  }

  /** What it sees is of one moment: a receipt that is written again later is another version, and stays. */
  private olderThan(before: number, limit: number): Removal[] {
    return this.file.view((view) =>
      Array.from(view.keys(receiptTimesBefore(before), limit), (bytes) => {
        const mark = Buffer.from(bytes);
        const [, , budgetId = '', id = ''] = keyParts(mark, 4);
        const key = receiptKey(budgetId, id);
        const receipt = view.get<Receipt>(key);
        // One that was written again has a newer mark, too.
        const isOld = receipt !== undefined && receipt.value.at < before;
        return {
          key,
          version: receipt?.version,
          changes: isOld ? [{ key }, { key: mark }] : [{ key: mark }],
        };
      }),
    );
  }
}

/** A receipt and its mark. An older mark of the same receipt stays until it is tidied: to look for one costs as much as to write. */
function changesOf(budgetId: string, receipt: Receipt): Change[] {
  const { id, at, revision } = receipt;
  return [put(receiptKey(budgetId, id), receipt, revision), put(receiptTimeKey(at, budgetId, id), 1)];
}
