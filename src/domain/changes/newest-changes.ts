import { KEPT_CHANGES, type StoredChange } from '../model/changes.js';

/** Of which budget: how many changes there were, and those of them that wait in the state. */
interface Counted {
  readonly count: number;
  readonly waiting: Iterable<StoredChange>;
}

/** The records that count, the newest first: of those that wait in the state the store may have some already. */
export function newestChanges({ count, waiting }: Counted, stored: Iterable<StoredChange>): StoredChange[] {
  const found = new Map<number, StoredChange>();
  for (const change of [...stored, ...waiting])
    if (change.number > count - KEPT_CHANGES && change.number <= count) found.set(change.number, change);
  return [...found.values()].sort((a, b) => b.number - a.number);
}
