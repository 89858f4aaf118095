import type { UpdateFilter } from 'mongodb';
import {
  SECTIONS,
  type Section,
  type SectionValues,
  type StateHead,
  type StatePatch,
  type StoredState,
} from '../../domain/model/state.js';
import { fieldName, fieldsOf, keyOf } from './field-names.js';
import { fromStoredValue, toStoredValue } from './stored-values.js';

/** A budget in one document: the fields of its head, and a sub-document for each section. */
export type BudgetDocument = { readonly _id: string } & StateHead & {
    readonly [S in Section]?: Readonly<Record<string, unknown>>;
  };

/** A field that is none of these and no section is one that a newer release has added: it stays in the document, untouched. */
const HEAD: Readonly<Record<keyof StateHead, true>> = {
  format: true,
  epoch: true,
  revision: true,
  fence: true,
  clock: true,
  deleted: true,
  createdAt: true,
  zone: true,
  month: true,
  lastOpenedDay: true,
  receiptsDroppedAt: true,
  daysDroppedAt: true,
  wakeAt: true,
  closedDay: true,
};

/** Of the head: absent where they do not apply. */
const OPTIONAL_FIELDS = ['wakeAt', 'closedDay'] as const satisfies readonly (keyof StateHead)[];

export function newDocument(budgetId: string, { head, puts }: StatePatch): BudgetDocument {
  const sections = Object.fromEntries(SECTIONS.map((section) => [section, {}]));
  return { _id: budgetId, ...head, ...sections, ...putsBySection(puts, SECTIONS) };
}

/** Names changed entries only, but for a section that is emptied: that is set whole, with what is put into it. */
export function updateOf({ head, resets, puts, drops }: StatePatch): UpdateFilter<BudgetDocument> {
  const whole = new Set<Section>(resets);
  const set: Record<string, unknown> = { ...head, ...putsBySection(puts, resets) };
  for (const { section, key, value } of puts) {
    if (!whole.has(section)) set[`${section}.${fieldName(key)}`] = toStoredValue(section, value);
  }
  const unset: Record<string, ''> = {};
  for (const { section, key } of drops) unset[`${section}.${fieldName(key)}`] = '';
  for (const field of OPTIONAL_FIELDS) if (head[field] === undefined) unset[field] = '';
  return {
    $set: set,
    ...(Object.keys(unset).length > 0 && { $unset: unset }),
  } as UpdateFilter<BudgetDocument>;
}

export function stateOf(document: BudgetDocument): StoredState {
  const sections = Object.fromEntries(SECTIONS.map((section) => [section, sectionOf(document, section)]));
  return { head: headOf(document), sections: sections as unknown as StoredState['sections'] };
}

export function headOf(document: BudgetDocument): StateHead {
  const fields = Object.entries(document).filter(([name]) => name in HEAD);
  return Object.fromEntries(fields) as unknown as StateHead;
}

export function sectionOf<S extends Section>(
  document: BudgetDocument,
  section: S,
): ReadonlyMap<string, SectionValues[S]> {
  const fields = Object.entries(document[section] ?? {});
  return new Map(
    fields.map(([field, value]) => [keyOf(field), fromStoredValue(section, value) as SectionValues[S]]),
  );
}

function putsBySection(puts: StatePatch['puts'], sections: readonly Section[]): Record<string, unknown> {
  return Object.fromEntries(
    sections.map((section) => {
      const own = puts.filter((put) => put.section === section);
      return [section, fieldsOf(new Map(own.map(({ key, value }) => [key, toStoredValue(section, value)])))];
    }),
  );
}
