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
