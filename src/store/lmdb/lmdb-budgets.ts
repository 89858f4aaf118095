import {
  SECTIONS,
  type Section,
  type SectionValues,
  type StateHead,
  type StatePatch,
  type StoredState,
} from '../../domain/model/state.js';
import type { Log } from '../../platform/log.js';
import type { ListedBudget, StateVersion } from '../store.js';
import { type Journal, journalChange, journaled } from './journal.js';
import type { JournaledCommit } from './journal-layer.js';
import { headKey, isSection, journalRange, keyAfter, keyParts, rangeUnder } from './keys.js';
import type { LmdbFile, LmdbView } from './lmdb-file.js';
import { journalOf, type LmdbJournals } from './lmdb-journals.js';
import { blockChange, blocksOf } from './receipt-blocks.js';
import { type Change, put } from './value-codec.js';

type Known = Pick<StateHead, 'epoch' | 'revision' | 'wakeAt'>;
type Sections = { [S in Section]: Map<string, SectionValues[S]> };

/**
 * Budgets: a head, whose version in LMDB is the revision, one key for every entry of a section, and a journal of the commits
 * whose changes are not in these places yet.
 */
export class LmdbBudgets {
  /** Of every head that which `due` and a commit need, so that neither reads the file. */
  private readonly known = new Map<string, Known>();
  /** Of budgets with commits under way, what the newest of them will make. */
  private readonly ahead = new Map<string, StateHead>();
  /** The newest write of a budget; and one that nothing may be written beside. */
  private readonly newest = new Map<string, Promise<void>>();
  private readonly alone = new Map<string, Promise<void>>();

  constructor(
    private readonly file: LmdbFile,
    private readonly journals: LmdbJournals,
    log: Log,
  ) {
    file.view((view) => {
      for (const key of view.keys(rangeUnder('h'))) {
        const [, budgetId = ''] = keyParts(key, 2);
        try {
          const head = view.get<StateHead>(headKey(budgetId));
          if (head) this.note(budgetId, head.value);
        } catch (error) {
          // One damaged budget must not keep the others from being served.
          log.error({ budget: budgetId, error }, 'a budget cannot be read');
        }
      }
    });
  }

  load(budgetId: string): StoredState | undefined {
    return this.file.view((view) => {
      const head = view.get<StateHead>(headKey(budgetId))?.value;
      if (!head) return undefined;
      const sections = emptySections();
      for (const { key, value } of view.range<never>(rangeUnder('s', budgetId))) {
        const [, , section, name = ''] = keyParts(key, 4);
        if (isSection(section)) sections[section].set(name, value);
      }
      for (const { entries } of journalOf(view, budgetId)) {
        for (const [section, name, value] of entries) {
          if (!isSection(section)) continue;
          if (value === null) sections[section].delete(name);
          else (sections[section] as Map<string, SectionValues[Section]>).set(name, value);
        }
      }
      return { head, sections };
    });
  }

  version(budgetId: string): StateVersion | undefined {
    const head = this.file.view((view) => view.get<StateHead>(headKey(budgetId))?.value);
    return head && { epoch: head.epoch, revision: head.revision };
  }

  async commit(
    budgetId: string,
    expected: StateVersion | undefined,
    patch: StatePatch,
  ): Promise<'won' | 'lost'> {
    // Revisions rise across epochs, so the revision alone is the guard; another epoch under it is somebody's mistake.
    const before = this.ahead.get(budgetId) ?? this.known.get(budgetId);
    if (expected && before?.epoch !== expected.epoch) return 'lost';
    const { head } = patch;
    this.ahead.set(budgetId, head);
    try {
      const won = await this.write(budgetId, expected, patch);
      if (won) this.note(budgetId, head);
      return won ? 'won' : 'lost';
    } finally {
      if (this.ahead.get(budgetId) === head) {
        this.ahead.delete(budgetId);
        this.newest.delete(budgetId);
      }
    }
  }

  /** One that must be in its place goes alone: after all that was sent before it, and before all that is sent after it. */
  private async write(
    budgetId: string,
    expected: StateVersion | undefined,
    patch: StatePatch,
  ): Promise<boolean> {
    const before = this.alone.get(budgetId);
    if (before !== undefined) await before;
    const commit = journaled(patch, blocksOf(patch));
    if (!mustBeInPlace(patch)) {
      const written = this.writeJournal(budgetId, expected, patch, commit);
      this.newest.set(budgetId, settled(written));
      return written;
    }
    const written = (this.newest.get(budgetId) ?? Promise.resolve()).then(() =>
      this.writeInPlace(budgetId, expected, patch, commit),
    );
    const over = settled(written);
    this.alone.set(budgetId, over);
    try {
      return await written;
    } finally {
      if (this.alone.get(budgetId) === over) this.alone.delete(budgetId);
    }
  }

  private async writeJournal(
    budgetId: string,
    expected: StateVersion | undefined,
    patch: StatePatch,
    commit: JournaledCommit,
  ): Promise<boolean> {
    const journal = this.journalAt(budgetId, expected);
    const part = journal?.take(commit) ?? [];
    const changes = [...part, journalChange(budgetId, commit), headChange(budgetId, patch.head)];
    for (const block of commit.blocks) changes.push(blockChange(budgetId, block));
    const won = await this.writeIf(budgetId, expected, changes);
    if (won) this.journals.add(budgetId, expected, commit, part.length > 0 ? journal : undefined);
    else this.journals.forget(budgetId);
    return won;
  }

  /** With all that is in the journal, which is empty then. */
  private async writeInPlace(
    budgetId: string,
    expected: StateVersion | undefined,
    patch: StatePatch,
    commit: JournaledCommit,
  ): Promise<boolean> {
    const journal = this.journalAt(budgetId, expected);
    if (journal === undefined) return false;
    const cleared = patch.resets.length > 0 ? this.clearing(budgetId, patch.resets) : [];
    this.journals.forget(budgetId);
    const entries = journal.inPlace(commit, patch.resets);
    const won = await this.writeIf(budgetId, expected, [
      ...cleared,
      ...entries,
      headChange(budgetId, patch.head),
    ]);
    this.journals.forget(budgetId);
    return won;
  }

  private async writeIf(
    budgetId: string,
    expected: StateVersion | undefined,
    changes: readonly Change[],
  ): Promise<boolean> {
    try {
      return await this.file.writeIf(headKey(budgetId), expected?.revision, changes);
    } catch (error) {
      this.journals.forget(budgetId);
      throw error;
    }
  }

  /** The journal as of the expected version, which may be under way; undefined when the stored version is another one already. */
  private journalAt(budgetId: string, expected: StateVersion | undefined): Journal | undefined {
    if (this.journals.of(budgetId).ahead !== expected?.revision) this.journals.forget(budgetId);
    const journal = this.journals.of(budgetId);
    return journal.ahead === expected?.revision ? journal : undefined;
  }

  list(after: string, limit: number): ListedBudget[] {
    return this.file.view((view) => {
      const listed: ListedBudget[] = [];
      const range = { start: keyAfter(headKey(after)), end: rangeUnder('h').end };
      for (const { key, value: head } of view.range<StateHead>(range)) {
        if (listed.length >= limit) break;
        const [, budgetId = ''] = keyParts(key, 2);
        listed.push({ budgetId, head, settings: settingsOf(view, budgetId) });
      }
      return listed;
    });
  }

  /** With all that a budget left behind in sections, journal and records of changes; the guard sees to it that none can be missed. */
  async forget(budgetId: string, { epoch, revision }: StateVersion): Promise<'won' | 'lost'> {
    await this.journals.flush(budgetId);
    const keys = this.file.view((view) => {
      const head = view.get<StateHead>(headKey(budgetId))?.value;
      if (head?.epoch !== epoch || head.revision !== revision || !head.deleted) return undefined;
      const ranges = [rangeUnder('s', budgetId), rangeUnder('c', budgetId), journalRange(budgetId)];
      return ranges.flatMap((range) => Array.from(view.keys(range), (key) => Buffer.from(key)));
    });
    if (keys === undefined) return 'lost';
    const changes = [headKey(budgetId), ...keys].map((key) => ({ key }));
    const won = await this.writeIf(budgetId, { epoch, revision }, changes);
    this.journals.forget(budgetId);
    if (won) this.known.delete(budgetId);
    return won ? 'won' : 'lost';
  }

  due(now: number, limit: number): string[] {
    const due: { budgetId: string; wakeAt: number }[] = [];
    for (const [budgetId, { wakeAt }] of this.known) {
      if (wakeAt !== undefined && wakeAt <= now) due.push({ budgetId, wakeAt });
    }
    due.sort((a, b) => a.wakeAt - b.wakeAt);
    return due.slice(0, limit).map(({ budgetId }) => budgetId);
  }

  /**
   * What removes the entries of these sections. The keys are those at the expected revision, which the guard checks, so none
   * can be missed.
   */
  private clearing(budgetId: string, resets: readonly Section[]): Change[] {
    return this.file.view((view) =>
      resets.flatMap((section) =>
        Array.from(view.keys(rangeUnder('s', budgetId, section)), (key) => ({ key: Buffer.from(key) })),
      ),
    );
  }

  private note(budgetId: string, { epoch, revision, wakeAt }: StateHead): void {
    const known = this.known.get(budgetId);
    if (known && known.revision > revision) return;
    this.known.set(budgetId, { epoch, revision, ...(wakeAt !== undefined && { wakeAt }) });
  }
}

/** A journal knows no resets; and who lists budgets reads their settings where they belong. */
function mustBeInPlace({ resets, puts, drops }: StatePatch): boolean {
  const isSetting = ({ section }: { readonly section: Section }) => section === 'settings';
  return resets.length > 0 || puts.some(isSetting) || drops.some(isSetting);
}

function settled(work: Promise<unknown>): Promise<void> {
  return work.then(
    () => {},
    () => {},
  );
}

function headChange(budgetId: string, head: StateHead): Change {
  return put(headKey(budgetId), head, head.revision);
}

function settingsOf(view: LmdbView, budgetId: string): ListedBudget['settings'] {
  const settings = emptySections().settings;
  for (const { key, value } of view.range<SectionValues['settings']>(rangeUnder('s', budgetId, 'settings'))) {
    settings.set(keyParts(key, 4)[3] ?? '', value);
  }
  return settings;
}

function emptySections(): Sections {
  return Object.fromEntries(SECTIONS.map((section) => [section, new Map()])) as unknown as Sections;
}
