import { SECTIONS, type Section } from '../../domain/model/state.js';
import type { DenialPosition } from '../denial-store.js';
import { StoreError } from '../store.js';

/**
 * Keys are UTF-8 bytes, parts separated by NUL; only the last part is made by callers, so that a NUL in it means nothing.
 *
 * - `h budget`: the head; its version in LMDB is the revision.
 * - `s budget section key`: an entry of a section.
 * - `d budget epoch day`: a usage document.
 * - `j budget revision`: what a commit changed, while that is not in its places yet.
 * - `b at budget name`: a block of receipts; by time, so that tidying reads old ones only, and so that new ones lie together.
 * - `r budget id`: where a receipt is.
 * - `n budget epoch start writer`: what was refused in an hour or a day, but for its AIs; its version in LMDB is the revision.
 * - `o budget epoch start writer ai`: what one AI was refused in it.
 * - `c budget number`: a record of a change.
 * - `m format`: the format of the whole file; `m mark`: why it must not be served from; `m label`: its
 *   identity, whose version in LMDB is that of both; `m tidying`: what tidying remembers.
 */
const SEPARATOR = '\0';
const AFTER_SEPARATOR = '\x01';

/** LMDB's limit with pages of 4 KB. */
const MAX_KEY_BYTES = 1978;

export type Key = Buffer;

export interface KeyRange {
  readonly start: Key;
  /** Not included. */
  readonly end: Key;
}

export const FORMAT_KEY = join('m', 'format');
export const MARK_KEY = join('m', 'mark');
export const LABEL_KEY = join('m', 'label');
export const TIDY_MARK_KEY = join('m', 'tidying');

export const headKey = (budgetId: string): Key => join('h', budgetId);
export const sectionKey = (budgetId: string, section: Section, key: string): Key =>
  join('s', budgetId, section, key);
export const dayKey = (budgetId: string, epoch: number, day: string): Key =>
  join('d', budgetId, String(epoch), day);
export const receiptKey = (budgetId: string, id: string): Key => join('r', budgetId, id);
export const changeKey = (budgetId: string, number: number): Key => join('c', budgetId, inOrder(number));
export const blockKey = (at: number, budgetId: string, name: string): Key =>
  join('b', inOrder(at), budgetId, name);
export const journalKey = (budgetId: string, revision: number): Key => join('j', budgetId, inOrder(revision));
export const journalRange = (budgetId: string): KeyRange => rangeUnder('j', budgetId);

export const denialKey = (budgetId: string, { epoch, start, writer }: DenialPosition): Key =>
  join('n', budgetId, String(epoch), inOrder(start), writer);
export const aiDenialKey = (budgetId: string, { epoch, start, writer }: DenialPosition, aiId: string): Key =>
  join('o', budgetId, String(epoch), inOrder(start), writer, aiId);
export const aiDenialRange = (budgetId: string, { epoch, start, writer }: DenialPosition): KeyRange =>
  rangeUnder('o', budgetId, String(epoch), inOrder(start), writer);

/** Of one epoch those that begin from `from` on and before `to`. */
export function denialRange(budgetId: string, epoch: number, from: number, to: number): KeyRange {
  const [start, end] = [from, to].map((at) => join('n', budgetId, String(epoch), inOrder(at)));
  return { start: start as Key, end: end as Key };
}

/** All keys that begin with these parts and have one part or more after them. */
export function rangeUnder(...parts: readonly string[]): KeyRange {
  const prefix = parts.join(SEPARATOR);
  return { start: Buffer.from(prefix + SEPARATOR), end: Buffer.from(prefix + AFTER_SEPARATOR) };
}

/** The receipts of a budget whose id starts with `prefix`: 0xff is in no UTF-8 text. */
export function receiptRange(budgetId: string, prefix: string): KeyRange {
  const start = receiptKey(budgetId, prefix);
  return { start, end: Buffer.concat([start, Buffer.from([0xff])]) };
}

export function blocksBefore(at: number): KeyRange {
  return { start: rangeUnder('b').start, end: join('b', inOrder(at)) };
}

/** The smallest key above this one. */
export function keyAfter(key: Key): Key {
  return Buffer.concat([key, Buffer.from([0])]);
}

/** The parts of a key; the last of `count` keeps the separators it may contain. */
export function keyParts(key: Uint8Array, count: number): string[] {
  const parts = Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString().split(SEPARATOR);
  return [...parts.slice(0, count - 1), parts.slice(count - 1).join(SEPARATOR)];
}

export function isSection(name: string | undefined): name is Section {
  return (SECTIONS as readonly (string | undefined)[]).includes(name);
}

/** For a person: the parts of a key with spaces between them. */
export function printableKey(key: Uint8Array): string {
  return JSON.stringify(Buffer.from(key).toString().replaceAll('\0', ' '));
}

/** 16 digits keep the order of numbers. */
function inOrder(number: number): string {
  return String(Math.max(0, Math.trunc(number))).padStart(16, '0');
}

function join(...parts: readonly string[]): Key {
  const key = Buffer.from(parts.join(SEPARATOR));
  if (key.length > MAX_KEY_BYTES) {
    throw new StoreError(
      'refused',
      `A key of ${key.length} bytes is longer than the store's ${MAX_KEY_BYTES}.`,
    );
  }
  return key;
}
