import {
  SECTIONS,
  type Section,
  type SectionValues,
  type StateHead,
  type StatePatch,
  type StoredState,
} from '../../domain/model/state.js';

type MemorySections = { readonly [S in Section]: Map<string, SectionValues[S]> };

export interface MemoryBudget {
  readonly head: StateHead;
  readonly sections: MemorySections;
}

export function replicaState(budget: MemoryBudget): StoredState {
  return structuredClone(budget);
}

/** Takes the patch as its own: the caller passes a copy. */
export function applyPatch(budget: MemoryBudget | undefined, patch: StatePatch): MemoryBudget {
  const sections = budget?.sections ?? emptySections();
  for (const section of patch.resets) sections[section].clear();
  for (const { section, key } of patch.drops) sections[section].delete(key);
  for (const { section, key, value } of patch.puts) {
    (sections[section] as Map<string, SectionValues[Section]>).set(key, value);
  }
  return { head: patch.head, sections };
}

function emptySections(): MemorySections {
  return Object.fromEntries(SECTIONS.map((section) => [section, new Map()])) as unknown as MemorySections;
}
