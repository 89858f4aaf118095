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

interface MarkedReceipt {
  readonly key: Key;
  readonly mark: Key;
  readonly version: number | undefined;
}

/** Receipts, as usage documents; beside each a mark by its time, so that tidying reads old ones only. */
export class LmdbReceipts {
  constructor(private readonly file: LmdbFile) {}

  async write(budgetId: string, receipts: readonly Receipt[]): Promise<void> {
    await Promise.all(receipts.map((receipt) => this.writeOne(budgetId, receipt)));
  }

  /** Of those that a commit puts into the outbox: what the commit writes for them. Its revision is above that of any other. */
  changes(budgetId: string, { puts }: StatePatch): Change[] {
    const receipts = puts.flatMap(({ section, value }) => (section === 'outbox' ? [value as Receipt] : []));
    if (receipts.length === 0) return [];
    return this.file.view((view) =>
      receipts.flatMap((receipt) => {
        const key = receiptKey(budgetId, receipt.id);
        const isNew = view.version(key) === undefined;
        return changesOf(budgetId, receipt, isNew ? undefined : view.get<Receipt>(key)?.value);
      }),
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
        old.map(({ key, version, mark }) => this.file.writeIf(key, version, [{ key }, { key: mark }])),
      );
      if (old.length < TIDY_BATCH || !removed.includes(true)) return;
    }
  }

  private async writeOne(budgetId: string, receipt: Receipt): Promise<void> {
    const key = receiptKey(budgetId, receipt.id);
    for (;;) {
      const stored = this.file.view((view) => view.get<Receipt>(key));
      if (stored && stored.version >= receipt.revision) return;
      const changes = changesOf(budgetId, receipt, stored?.value);
      if (await this.file.writeIf(key, stored?.version, changes)) return;
    }
  }

  /** Mark and version are of one moment: a receipt that is written again later is another version, and stays. */
  private olderThan(before: number, limit: number): MarkedReceipt[] {
    return this.file.view((view) =>
      Array.from(view.keys(receiptTimesBefore(before), limit), (bytes) => {
        const mark = Buffer.from(bytes);
        const [, , budgetId = '', id = ''] = keyParts(mark, 4);
        const key = receiptKey(budgetId, id);
        return { key, mark, version: view.version(key) };
      }),
    );
  }
}

/** The receipt and its mark, in place of those that there are. */
function changesOf(budgetId: string, receipt: Receipt, stored: Receipt | undefined): Change[] {
  const { id, at, revision } = receipt;
  const changes = [put(receiptKey(budgetId, id), receipt, revision)];
  if (stored && stored.at !== at) changes.push({ key: receiptTimeKey(stored.at, budgetId, id) } as Change);
  changes.push(put(receiptTimeKey(at, budgetId, id), 1));
  return changes;
}
