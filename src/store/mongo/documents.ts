import type { UpdateFilter } from 'mongodb';
import {
  type MapOfDay,
  type Receipt,
  SECTIONS,
  type Section,
  type SectionValues,
  type StateHead,
  type StatePatch,
  type StoredCount,
  type StoredLease,
  type StoredPresumed,
  type StoredState,
  type UsageDay,
} from '../../domain/model/state.js';
import type { CallCount } from '../../domain/model/types.js';
import { StoreError } from '../store.js';

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
  learnedFor: true,
  changeCount: true,
};

/** Of the head: absent where they do not apply. */
const OPTIONAL_FIELDS = ['wakeAt', 'closedDay', 'learnedFor'] as const satisfies readonly (keyof StateHead)[];

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

/** One budget's local day, whole. `_id` carries the budget, so that it is unique however the collection is sharded. */
export interface UsageDocument extends Omit<UsageDay, 'budgetId' | 'format' | MapOfDay> {
  readonly _id: string;
  readonly budget: string;
  readonly ais: Readonly<Record<string, number>>;
  readonly models: Readonly<Record<string, number>>;
  /** Absent where no calls were counted. */
  readonly aiCalls?: Readonly<Record<string, CallCount>>;
  readonly modelCalls?: Readonly<Record<string, CallCount>>;
  /** Absent in documents from before it was kept. */
  readonly pairs?: Readonly<Record<string, StoredCount>>;
  /** Absent in documents of format 1, as is `presumedBy`. */
  readonly format?: number;
  readonly presumedBy?: Readonly<Record<string, StoredPresumed>>;
  /** Absent in documents of days without any. */
  readonly toppedAis?: Readonly<Record<string, number>>;
  readonly toppedModels?: Readonly<Record<string, number>>;
  /** Absent in documents from before there were scopes. */
  readonly parts?: Readonly<Record<string, number>>;
}

/** No budget id has a colon, and days sort as text. */
export function usageDocumentId(budgetId: string, epoch: number, day: string): string {
  return `${budgetId}:${epoch}:${day}`;
}

export function usageDocument(usage: UsageDay): UsageDocument {
  const { budgetId, ais, models, aiCalls, modelCalls, presumedBy, parts, ...rest } = usage;
  const { toppedAis, toppedModels, pairs, ...day } = rest;
  return {
    _id: usageDocumentId(budgetId, day.epoch, day.day),
    budget: budgetId,
    ...day,
    ais: fieldsOf(ais),
    models: fieldsOf(models),
    ...(aiCalls !== undefined && { aiCalls: fieldsOf(aiCalls) }),
    ...(modelCalls !== undefined && { modelCalls: fieldsOf(modelCalls) }),
    ...(pairs !== undefined && { pairs: fieldsOf(pairs) }),
    presumedBy: fieldsOf(presumedBy),
    parts: fieldsOf(parts),
    ...(toppedAis.size > 0 && { toppedAis: fieldsOf(toppedAis), toppedModels: fieldsOf(toppedModels) }),
  };
}

export function usageDay(document: UsageDocument): UsageDay {
  const { _id, budget, format = 1, ais, models, aiCalls, modelCalls, presumedBy, parts, ...rest } = document;
  const { toppedAis, toppedModels, pairs, ...day } = rest;
  const maps = {
    ...{ ais: mapOf(ais), models: mapOf(models), presumedBy: mapOf(presumedBy), parts: mapOf(parts) },
    ...{ toppedAis: mapOf(toppedAis), toppedModels: mapOf(toppedModels) },
    ...(aiCalls !== undefined && { aiCalls: mapOf(aiCalls) }),
    ...(modelCalls !== undefined && { modelCalls: mapOf(modelCalls) }),
    ...(pairs !== undefined && { pairs: mapOf(pairs) }),
  };
  return { format, budgetId: budget, ...day, ...maps };
}

/** `at` is a date, since a TTL index removes the document by it. `_id` carries the budget, as that of usage does. */
export interface ReceiptDocument extends Omit<Receipt, 'id' | 'at'> {
  readonly _id: string;
  readonly budget: string;
  readonly at: Date;
}

/** No budget id has a colon. */
export function receiptDocumentId(budgetId: string, id: string): string {
  return `${budgetId}:${id}`;
}

export function receiptDocument(budgetId: string, { id, at, ...receipt }: Receipt): ReceiptDocument {
  return {
    _id: receiptDocumentId(budgetId, id),
    budget: budgetId,
    at: new Date(at),
    ...packReceipt(receipt),
  };
}

export function receiptOf({ _id, budget, at, ...receipt }: ReceiptDocument): Receipt {
  return { id: _id.slice(budget.length + 1), at: at.getTime(), ...unpackReceipt(receipt) };
}

/**
 * Values are stored as they are, but for labels, whose names callers make: they become a list of pairs, since older servers
 * refuse a `.` or a `$` in a field's name, at any depth.
 */
type StoredLabels = readonly (readonly [string, string])[];

function toStoredValue(section: Section, value: SectionValues[Section]): unknown {
  if (section === 'leases') return packLease(value as StoredLease);
  if (section === 'outbox') return packReceipt(value as Receipt);
  return value;
}

function fromStoredValue(section: Section, value: unknown): unknown {
  if (section === 'leases') return unpackLease(value);
  if (section === 'outbox') return unpackReceipt(value as Receipt);
  return value;
}

function packReceipt<R extends Pick<Receipt, 'body'>>(receipt: R): R {
  const { body } = receipt;
  if (body.kind !== 'lease') return receipt;
  return { ...receipt, body: { ...body, lease: packLease(body.lease) } };
}

function unpackReceipt<R extends Pick<Receipt, 'body'>>(receipt: R): R {
  const { body } = receipt;
  if (body.kind !== 'lease') return receipt;
  return { ...receipt, body: { ...body, lease: unpackLease(body.lease) } };
}

function packLease(lease: StoredLease): unknown {
  const { labels, ...rest } = lease;
  return labels ? { ...rest, labels: Object.entries(labels) } : rest;
}

function unpackLease(stored: unknown): StoredLease {
  const { labels, ...rest } = stored as Omit<StoredLease, 'labels'> & { readonly labels?: StoredLabels };
  return labels ? { ...rest, labels: Object.fromEntries(labels) } : rest;
}

/** What must not stand in a field's name: `.` would nest, `$` is an operator, control characters and the rest are risky. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this escapes
const UNSAFE = /[%.$\x00-\x1f\x7f]|[^\x00-\x7f]+/g;

/**
 * A field's name for a key that a caller made: `gpt-4.1` would nest in a field's path and `__proto__` would break an
 * object. Percent-escaped as in a URL, behind `_`, so that no name is empty or special.
 */
export function fieldName(key: string): string {
  return `_${key.replace(UNSAFE, escaped)}`;
}

export function keyOf(field: string): string {
  return decodeURIComponent(field.slice(1));
}

function escaped(text: string): string {
  if (text.length > 1 || text > '\x7f') return encoded(text);
  return `%${text.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

function encoded(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch (error) {
    throw new StoreError('refused', 'A name is not valid Unicode text.', { cause: error });
  }
}

/** A map as a sub-document, and back. */
function fieldsOf<V>(entries: ReadonlyMap<string, V>): Record<string, V> {
  return Object.fromEntries(Array.from(entries, ([key, value]) => [fieldName(key), value]));
}

function mapOf<V>(fields: Readonly<Record<string, V>> | undefined): Map<string, V> {
  return new Map(Object.entries(fields ?? {}).map(([field, value]) => [keyOf(field), value]));
}
