import {
  SECTIONS,
  type Section,
  type SectionValues,
  type StatePatch,
  type StoredState,
} from '../../src/domain/model/state.js';

type Sections = { [S in Section]: Map<string, SectionValues[S]> };

/** A state after a patch. The state before it stays as it was, and sections that did not change are shared. */
export function applied(before: StoredState | undefined, patch: StatePatch): StoredState {
  const sections = { ...(before?.sections ?? emptySections()) } as Sections;
  const copied = new Set<Section>();
  const own = (section: Section): Map<string, unknown> => {
    if (!copied.has(section))
      (sections as Record<string, unknown>)[section] = new Map(sections[section] as never);
    copied.add(section);
    return sections[section];
  };
  for (const section of patch.resets) own(section).clear();
  for (const { section, key } of patch.drops) own(section).delete(key);
  for (const { section, key, value } of patch.puts) own(section).set(key, value);
  return { head: patch.head, sections };
}

function emptySections(): Sections {
  return Object.fromEntries(SECTIONS.map((section) => [section, new Map()])) as unknown as Sections;
}

/** What was sent or stored must not change when its sender goes on: trying to is an error. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const part of Object.values(value)) deepFreeze(part);
  return value;
}
