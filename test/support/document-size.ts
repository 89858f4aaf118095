import { BSON } from 'mongodb';
import {
  SECTIONS,
  type Section,
  type SectionPut,
  type SectionValues,
  type StatePatch,
} from '../../src/domain/model/state.js';
import type { MemoryBudget } from '../../src/store/memory/memory-budget.js';
import { newDocument, updateOf } from '../../src/store/mongo/documents.js';

/** What a budget's document takes on MongoDB, in bytes. */
export function documentBytes({ head, sections }: Pick<MemoryBudget, 'head' | 'sections'>): number {
  const puts = SECTIONS.flatMap((section) => putsOf(section, sections[section]));
  return BSON.calculateObjectSize(
    newDocument('b'.repeat(63), { head, resets: [], puts, drops: [] }) as BSON.Document,
  );
}

function putsOf<S extends Section>(section: S, entries: ReadonlyMap<string, SectionValues[S]>): SectionPut[] {
  return Array.from(entries, ([key, value]) => ({ section, key, value }));
}

/** What the commit takes that MongoDB is sent. */
export function commitBytes(patch: StatePatch): number {
  return BSON.calculateObjectSize(updateOf(patch) as BSON.Document);
}
