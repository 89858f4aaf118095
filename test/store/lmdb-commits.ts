import type { StatePatch, StoredState } from '../../src/domain/model/state.js';
import { head, patch } from './samples.js';

const ENTRIES = 40;

/** Puts the revision into every entry, so that a state that holds parts of two commits shows. */
export function commitOf(revision: number): StatePatch {
  const puts = Array.from({ length: ENTRIES }, (_, i) => ({
    section: i % 2 ? ('monthAis' as const) : ('monthModels' as const),
    key: `entry ${i}`,
    value: revision,
  }));
  const own = { section: 'monthAis' as const, key: `of ${revision}`, value: revision };
  return patch(revision, {
    head: head(revision, { wakeAt: revision }),
    puts: [...puts, own],
    drops: [{ section: 'monthAis', key: `of ${revision - 1}` }],
    resets: revision % 5 === 0 ? ['alerts'] : [],
  });
}

/** The revisions that a state holds traces of: one, if commits are atomic. */
export function revisionsIn({ head, sections }: StoredState): Set<number> {
  const entries = [...sections.monthAis.values(), ...sections.monthModels.values()];
  return new Set([head.revision, head.wakeAt ?? 0, ...entries]);
}
