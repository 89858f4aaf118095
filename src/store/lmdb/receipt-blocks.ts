import type { Receipt, StatePatch } from '../../domain/model/state.js';
import { blockKey, receiptKey } from './keys.js';
import type { LmdbView } from './lmdb-file.js';
import { type Change, put } from './value-codec.js';

/**
 * Receipts that one commit wrote and that happened at the same time, in one value. A value of its own for each would cost a
 * page for each, since their ids are in no order.
 */
export interface ReceiptBlock {
  readonly at: number;
  /** Unique in its budget and at its time. */
  readonly name: string;
  readonly receipts: readonly Receipt[];
}

/** Where a receipt is: what stands under its id. */
export type Place = readonly [at: number, block: string];

export interface PlacedReceipt {
  readonly place: Place;
  readonly revision: number;
}

/** The blocks of what a commit puts into the outbox. */
export function blocksOf({ head, puts }: StatePatch): ReceiptBlock[] {
  const byTime = new Map<number, Receipt[]>();
  for (const { section, value } of puts) {
    if (section !== 'outbox') continue;
    const receipt = value as Receipt;
    const receipts = byTime.get(receipt.at);
    if (receipts === undefined) byTime.set(receipt.at, [receipt]);
    else receipts.push(receipt);
  }
  return Array.from(byTime, ([at, receipts]) => ({ at, name: String(head.revision), receipts }));
}

export function blockChange(budgetId: string, { at, name, receipts }: ReceiptBlock): Change {
  return put(blockKey(at, budgetId, name), receipts);
}

/** The version is the receipt's revision, by which a newer one replaces an older one. */
export function placeChange(budgetId: string, id: string, { place, revision }: PlacedReceipt): Change {
  return put(receiptKey(budgetId, id), place, revision);
}

/** Reads receipts of one budget, each block once. */
export class BlockReader {
  private readonly blocks = new Map<string, readonly Receipt[]>();

  constructor(
    private readonly view: LmdbView,
    private readonly budgetId: string,
  ) {}

  block(at: number, name: string): readonly Receipt[] {
    const known = `${at} ${name}`;
    const found =
      this.blocks.get(known) ?? this.view.get<Receipt[]>(blockKey(at, this.budgetId, name))?.value ?? [];
    this.blocks.set(known, found);
    return found;
  }

  /** Undefined where the block was tidied away. */
  receipt(id: string, [at, name]: Place): Receipt | undefined {
    return this.block(at, name).find((receipt) => receipt.id === id);
  }
}
