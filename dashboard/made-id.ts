/** An id that makes a retry safe. Not by `randomUUID`, which a page without TLS does not have. */
export function madeId(what: string): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return `${what}-${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
