import type { JSONWebKeySet } from 'jose';

/** Throws an error whose message says what is wrong with what came from there. */
export function keySetIn(bytes: Uint8Array, from: string): JSONWebKeySet {
  return keySet(jsonOf(bytes, from), from);
}

export function keySet(value: unknown, from: string): JSONWebKeySet {
  const { keys } = (value ?? {}) as { keys?: unknown };
  if (!Array.isArray(keys)) throw new Error(`${from} is not a JSON Web Key Set: it has no list "keys"`);
  return { keys };
}

export function jsonOf(bytes: Uint8Array, from: string): unknown {
  const text = textOf(bytes);
  if (text === undefined) throw new Error(`${from} is not text in UTF-8`);
  try {
    return JSON.parse(text);
  } catch {
    // The parser would quote what it could not read.
    throw new Error(`${from} is not JSON`);
  }
}

const DECODER = new TextDecoder('utf-8', { fatal: true });

/**
 * Bytes as text; undefined where they are no UTF-8. Node's own way puts U+FFFD for what it does not understand, and a binary
 * key would silently become another one. A byte order mark is left out.
 */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return DECODER.decode(bytes);
  } catch {
    return undefined;
  }
}
