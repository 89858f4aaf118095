import { LazyMap } from '../model/lazy-map.js';
import type { StoredTopUp } from '../model/state.js';
import type { Entry, Table } from './table.js';

/** A top-up over caps, as far as a slot may be granted from it. */
export type OverCaps = Entry<StoredTopUp>;

/** The top-ups of a budget, with what decisions need of them: found anew only where one comes, ends or goes. */
export class TopUps {
  /** Those over caps that no operator has ended, in the order in which they end. */
  overCaps: readonly OverCaps[] = [];
  /** By `YYYY-MM`: what the enforced limit of a month is larger by. */
  private larger: ReadonlyMap<string, number> = new LazyMap();
  /** No top-up leaves the state before. */
  lookAt = 0;

  constructor(private readonly table: Table<StoredTopUp>) {
    this.arrange();
  }

  get(topUpId: string): StoredTopUp | undefined {
    return this.table.get(topUpId);
  }

  largerBy(month: string): number {
    return this.larger.size === 0 ? 0 : (this.larger.get(month) ?? 0);
  }

  /** Puts in the present form of one; undefined takes it out. */
  put(topUpId: string, topUp: StoredTopUp | undefined): void {
    if (topUp === undefined) this.table.delete(topUpId);
    else this.table.set(topUpId, topUp);
    this.arrange();
  }

  /** What leases have spent of one changes with every report: neither the order nor any limit does. */
  book(topUpId: string, tokens: number, settleUntil = 0): void {
    const entry = this.table.entry(topUpId);
    if (entry?.value === undefined) return;
    const { spent = 0, settleUntil: before = 0 } = entry.value;
    this.table.change(entry, {
      ...entry.value,
      spent: spent + tokens,
      settleUntil: Math.max(before, settleUntil),
    });
  }

  clear(): void {
    this.table.reset();
    this.arrange();
  }

  private arrange(): void {
    const larger = new LazyMap<string, number>();
    const overCaps: OverCaps[] = [];
    for (const id of this.table.keys()) {
      const entry = this.table.entry(id);
      const topUp = entry?.value;
      if (entry === undefined || topUp === undefined) continue;
      if (topUp.kind === 'OVER_CAPS') {
        if (topUp.endedAt === undefined) overCaps.push(entry);
      } else {
        const { month = '' } = topUp;
        larger.set(month, (larger.get(month) ?? 0) + addedToMonth(topUp));
      }
    }
    this.larger = larger;
    this.lookAt = 0;
    this.overCaps = overCaps.sort((a, b) => endOf(a.value) - endOf(b.value) || (a.key < b.key ? -1 : 1));
  }
}

export function endOf(topUp: StoredTopUp | undefined): number {
  return topUp?.expiresAt ?? 0;
}

/** What the enforced limit of its month is larger by. */
export function addedToMonth({ tokens, takenBack = 0 }: StoredTopUp): number {
  return tokens - takenBack;
}
