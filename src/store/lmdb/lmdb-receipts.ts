import type { Receipt } from '../../domain/model/state.js';
import { blocksBefore, keyAfter, keyParts, receiptKey, receiptRange } from './keys.js';
import type { LmdbFile } from './lmdb-file.js';
import type { LmdbJournals } from './lmdb-journals.js';
import { BlockReader, blockChange, type Place, placeChange } from './receipt-blocks.js';
import type { Change } from './value-codec.js';

interface OldBlock {
  readonly budgetId: string;
  readonly key: Buffer;
  readonly receipts: readonly Receipt[];
  readonly at: number;
  readonly name: string;
}

/** Receipts, as usage documents; but many share a value, and what stands under an id is where its receipt is. */
export class LmdbReceipts {
  constructor(
    private readonly file: LmdbFile,
    private readonly journals: LmdbJournals,
  ) {}

  async write(budgetId: string, receipts: readonly Receipt[]): Promise<void> {
    if (receipts.length === 0) return;
    await this.journals.flush(budgetId);
    await Promise.all(receipts.map((receipt) => this.writeOne(budgetId, receipt)));
  }

  find(budgetId: string, ids: readonly string[]): Map<string, Receipt> {
    const journal = this.journals.of(budgetId);
    return this.file.view((view) => {
      const found = new Map<string, Receipt>();
      const reader = new BlockReader(view, budgetId);
      for (const id of ids) {
        const place = journal.placeOf(id) ?? view.get<Place>(receiptKey(budgetId, id))?.value;
        const receipt = place && reader.receipt(id, place);
        if (receipt) found.set(id, receipt);
      }
      return found;
    });
  }

  async list(budgetId: string, prefix: string, after: string, limit: number): Promise<Receipt[]> {
    await this.journals.flush(budgetId);
    const range = receiptRange(budgetId, prefix);
    const next = keyAfter(receiptKey(budgetId, after));
    const start = Buffer.compare(next, range.start) > 0 ? next : range.start;
    return this.file.view((view) => {
      const listed: Receipt[] = [];
      if (Buffer.compare(start, range.end) >= 0) return listed;
      const reader = new BlockReader(view, budgetId);
      for (const { key, value } of view.range<Place>({ start, end: range.end })) {
        if (listed.length >= limit) break;
        const [, , id = ''] = keyParts(key, 3);
        const receipt = reader.receipt(id, value);
        if (receipt) listed.push(receipt);
      }
      return listed;
    });
  }

  async tidy(before: number, limit: number): Promise<number> {
    const old = this.olderThan(before, limit);
    for (const budgetId of new Set(old.map(({ budgetId }) => budgetId))) await this.journals.flush(budgetId);
    // Only then their blocks: without them, nobody would find what is to be removed.
    await this.remove(old.flatMap((block) => this.placesIn(block)));
    const removed = await this.remove(old.map(({ key }) => ({ key, version: 0 })));
    return old.reduce((sum, { receipts }, at) => sum + (removed[at] ? receipts.length : 0), 0);
  }

  private async writeOne(budgetId: string, receipt: Receipt): Promise<void> {
    const { id, at, revision } = receipt;
    const key = receiptKey(budgetId, id);
    const name = `${revision} ${id}`;
    const changes = [
      blockChange(budgetId, { at, name, receipts: [receipt] }),
      placeChange(budgetId, id, { place: [at, name], revision }),
    ];
    for (;;) {
      const version = this.file.view((view) => view.version(key));
      if (version !== undefined && version >= revision) return;
      if (await this.file.writeIf(key, version, changes)) return;
    }
  }

  private olderThan(before: number, limit: number): OldBlock[] {
    return this.file.view((view) => {
      const old: OldBlock[] = [];
      let receipts = 0;
      for (const { key, value } of view.range<Receipt[]>(blocksBefore(before))) {
        const [, at, budgetId = '', name = ''] = keyParts(key, 4);
        old.push({ budgetId, key: Buffer.from(key), receipts: value, at: Number(at), name });
        receipts += value.length;
        if (receipts >= limit) break;
      }
      return old;
    });
  }

  /** What was written again is elsewhere, and stays. */
  private placesIn({ budgetId, receipts, at, name }: OldBlock): Required<Omit<Change, 'bytes'>>[] {
    return this.file.view((view) =>
      receipts.flatMap(({ id }) => {
        const key = receiptKey(budgetId, id);
        const found = view.get<Place>(key);
        const isHere = found?.value[0] === at && found.value[1] === name;
        return isHere ? [{ key, version: found.version }] : [];
      }),
    );
  }

  /** But for what was written again meanwhile. */
  private remove(entries: readonly Required<Omit<Change, 'bytes'>>[]): Promise<boolean[]> {
    return Promise.all(entries.map(({ key, version }) => this.file.writeIf(key, version, [{ key }])));
  }
}
