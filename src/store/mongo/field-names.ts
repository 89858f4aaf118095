import { StoreError } from '../store.js';

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
export function fieldsOf<V>(entries: ReadonlyMap<string, V>): Record<string, V> {
  return Object.fromEntries(Array.from(entries, ([key, value]) => [fieldName(key), value]));
}

export function mapOf<V>(fields: Readonly<Record<string, V>> | undefined): Map<string, V> {
  return new Map(Object.entries(fields ?? {}).map(([field, value]) => [keyOf(field), value]));
}
