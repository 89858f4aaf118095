import type { StateVersion } from '../store.js';
import { Journal, type JournalRecord } from './journal.js';
import type { JournaledCommit } from './journal-layer.js';
import { headKey, journalRange, keyParts } from './keys.js';
import type { LmdbFile, LmdbView } from './lmdb-file.js';
import { BlockReader } from './receipt-blocks.js';

/** Changed entries of all budgets together that are kept in memory, in some 20 MB. */
const MOST_OF_ALL = 65_536;
/**
 * From so many changed entries on, those of a budget go to their places. With 64 callers of one budget a commit writes 229 KB
 * if it is 1,024, 167 if 2,048, 135 if 4,096, and 116 if 8,192. The more all have, the fewer each.
 */
const MOST_OF_ONE = 8_192;
const LEAST_OF_ONE = 16;
/** Most of them empty. */
const MOST_JOURNALS = 10_000;

/**
 * The journals of all budgets, as the file holds them. One that may have fallen behind, since a write failed or another one
 * came between, is forgotten and read again.
 */
export class LmdbJournals {
  /** Those whose last commit is longest ago stand first. */
  private readonly journals = new Map<string, Journal>();
  private size = 0;

  constructor(private readonly file: LmdbFile) {}

  of(budgetId: string): Journal {
    const known = this.journals.get(budgetId);
    if (known !== undefined) return known;
    const journal = this.file.view((view) => readJournal(view, budgetId, this.mostOfOne));
    this.keep(budgetId, journal);
    return journal;
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
    this.forget(budgetId);
    if (journal === taker) journal.taken();
    journal.add(commit, this.mostOfOne);
    this.keep(budgetId, journal);
  }

  private get mostOfOne(): number {
    return Math.max(LEAST_OF_ONE, MOST_OF_ONE * (1 - this.size / MOST_OF_ALL));
  }

  /** As the last to go. One that goes is read again when it is needed. */
  private keep(budgetId: string, journal: Journal): void {
    this.journals.set(budgetId, journal);
    this.size += journal.size;
    for (const [oldest] of this.journals) {
      const fits = this.size <= MOST_OF_ALL && this.journals.size <= MOST_JOURNALS;
      if (fits || oldest === budgetId) return;
      this.forget(oldest);
    }
  }

  forget(budgetId: string): void {
    this.size -= this.journals.get(budgetId)?.size ?? 0;
    this.journals.delete(budgetId);
  }

  /** Puts what a budget's commits changed in its place: all of those that were answered before the call. */
  async flush(budgetId: string): Promise<void> {
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
): Generator<Omit<JournalRecord, 'more'> & { revision: number }> {
  for (const { key, value } of view.range<JournalRecord>(journalRange(budgetId))) {
    const { entries, more = [], blocksAt } = value;
    yield { entries: [...entries, ...more], blocksAt, revision: Number(keyParts(key, 3)[2]) };
  }
}

function readJournal(view: LmdbView, budgetId: string, most: number): Journal {
  const journal = new Journal(budgetId, view.version(headKey(budgetId)));
  const reader = new BlockReader(view, budgetId);
  for (const { revision, entries, blocksAt } of journalOf(view, budgetId)) {
    const name = String(revision);
    const blocks = blocksAt.map((at) => ({ at, name, receipts: reader.block(at, name) }));
    journal.add({ revision, entries, blocks }, most);
  }
  return journal;
}
