import {
  SECTIONS,
  type Section,
  type SectionValues,
  type StateHead,
  type StatePatch,
  type StoredState,
} from '../../domain/state.js';
import type { Log } from '../../platform/log.js';
import type { ListedBudget, StateVersion } from '../store.js';
import { headKey, isSection, keyAfter, keyParts, rangeUnder, sectionKey } from './keys.js';
import type { LmdbFile, LmdbView } from './lmdb-file.js';
import { type Change, put } from './value-codec.js';

type Known = Pick<StateHead, 'epoch' | 'revision' | 'wakeAt'>;
type Sections = { [S in Section]: Map<string, SectionValues[S]> };

/** Budgets: a head, whose version in LMDB is the revision, and one key for every entry of a section. */
export class LmdbBudgets {
  /** Of every head that which `due` and a commit need, so that neither reads the file. */
  private readonly known = new Map<string, Known>();

  constructor(
    private readonly file: LmdbFile,
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
    /** What the patch has in its outbox, as it is to be stored. */
    receipts: readonly Change[],
  ): Promise<'won' | 'lost'> {
    // Revisions rise across epochs, so the revision alone is the guard; another epoch under it is somebody's mistake.
    if (expected && this.known.get(budgetId)?.epoch !== expected.epoch) return 'lost';
    const cleared = patch.resets.length > 0 ? this.clearing(budgetId, expected, patch.resets) : [];
    if (!cleared) return 'lost';
    const entries = entryChanges(budgetId, patch);
    const changes = [...cleared, ...entries, ...receipts, headChange(budgetId, patch.head)];
    const won = await this.file.writeIf(headKey(budgetId), expected?.revision, changes);
    if (won) this.note(budgetId, patch.head);
    return won ? 'won' : 'lost';
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

  due(now: number, limit: number): string[] {
    const due: { budgetId: string; wakeAt: number }[] = [];
    for (const [budgetId, { wakeAt }] of this.known) {
      if (wakeAt !== undefined && wakeAt <= now) due.push({ budgetId, wakeAt });
    }
    due.sort((a, b) => a.wakeAt - b.wakeAt);
    return due.slice(0, limit).map(({ budgetId }) => budgetId);
  }

  /**
   * What removes the entries of these sections. The keys are those at the expected revision, which the guard then checks, so
   * none can be missed; undefined when the revision is another one already.
   */
  private clearing(
    budgetId: string,
    expected: StateVersion | undefined,
    resets: readonly Section[],
  ): Change[] | undefined {
    return this.file.view((view) => {
      if (view.version(headKey(budgetId)) !== expected?.revision) return undefined;
      return resets.flatMap((section) =>
        Array.from(view.keys(rangeUnder('s', budgetId, section)), (key) => ({ key: Buffer.from(key) })),
      );
    });
  }

  private note(budgetId: string, { epoch, revision, wakeAt }: StateHead): void {
    const known = this.known.get(budgetId);
    if (known && known.revision > revision) return;
    this.known.set(budgetId, { epoch, revision, ...(wakeAt !== undefined && { wakeAt }) });
  }
}

/** The outbox has no entries here: its receipts are where they belong, and stay there. */
function entryChanges(budgetId: string, { drops, puts }: StatePatch): Change[] {
  const changes: Change[] = [];
  for (const { section, key } of drops) {
    if (section !== 'outbox') changes.push({ key: sectionKey(budgetId, section, key) });
  }
  for (const { section, key, value } of puts) {
    if (section !== 'outbox') changes.push(put(sectionKey(budgetId, section, key), value));
  }
  return changes;
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
