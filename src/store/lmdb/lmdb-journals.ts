import type { StateVersion } from '../store.js';
import { Journal, type JournalRecord } from './journal.js';
import type { JournaledCommit } from './journal-layer.js';
import { headKey, journalRange, keyParts } from './keys.js';
import type { LmdbFile, LmdbView } from './lmdb-file.js';
import { BlockReader } from './receipt-blocks.js';

/** Changed entries in all journals together: some 20 MB of memory. From then on, commits are written in place. */
const MOST_OF_ALL = 65_536;

/**
 * The journals of all budgets, as the file holds them. One that may have fallen behind, since a write failed or another one
 * came between, is forgotten and read again.
 */
export class LmdbJournals {
  /** Those that were begun first stand first. */
  private readonly journals = new Map<string, Journal>();
  private size = 0;

  constructor(private readonly file: LmdbFile) {}

  of(budgetId: string): Journal {
    const known = this.journals.get(budgetId);
    if (known !== undefined) return known;
    const journal = this.file.view((view) => readJournal(view, budgetId));
    this.journals.set(budgetId, journal);
    this.size += journal.size;
    return journal;
  }

  get overfull(): boolean {
    return this.size >= MOST_OF_ALL;
  }

  get oldest(): string | undefined {
    for (const [budgetId, { isEmpty }] of this.journals) if (!isEmpty) return budgetId;
    return undefined;
  }

  /** The file holds one commit more; `taker` gave a part to it. */
  add(
    budgetId: string,
    expected: StateVersion | undefined,
    commit: JournaledCommit,
    taker: Journal | undefined,
  ): void {
    const journal = this.of(budgetId);
    if (journal.revision !== expected?.revision) {
      this.forget(budgetId);
      return;
    }
    this.size -= journal.size;
    if (journal === taker) journal.taken();
    journal.add(commit);
    this.size += journal.size;
  }

  forget(budgetId: string): void {
    this.size -= this.journals.get(budgetId)?.size ?? 0;
    this.journals.delete(budgetId);
  }

  /** Puts what a budget's commits changed in its place: all of those that were answered before the call. */
  async settle(budgetId: string): Promise<void> {
    for (;;) {
      const journal = this.of(budgetId);
      if (journal.isEmpty) return;
      this.forget(budgetId);
      const changes = journal.inPlace(undefined, []);
      const done = await this.file.writeIf(headKey(budgetId), journal.revision, changes);
      this.forget(budgetId);
      if (done) return;
    }
  }
}

/** Of one moment, as the view. */
export function* journalOf(
  view: LmdbView,
  budgetId: string,
): Generator<JournalRecord & { revision: number }> {
  for (const { key, value } of view.range<JournalRecord>(journalRange(budgetId))) {
    yield { ...value, revision: Number(keyParts(key, 3)[2]) };
  }
}

function readJournal(view: LmdbView, budgetId: string): Journal {
  const journal = new Journal(budgetId, view.version(headKey(budgetId)));
  const reader = new BlockReader(view, budgetId);
  for (const { revision, entries, blocksAt } of journalOf(view, budgetId)) {
    const name = String(revision);
    const blocks = blocksAt.map((at) => ({ at, name, receipts: reader.block(at, name) }));
    journal.add({ revision, entries, blocks });
  }
  return journal;
}
