/**
 * What fits into the headers of an answer. Clients refuse answers whose headers are large, many above 8 KiB: the message stands
 * there twice, percent-encoded by itself and in base64 among the details, where the violations stand too.
 */

/** The most that violations may take before base64, which adds a third. */
export const MAX_VIOLATION_BYTES = 3_000;
/** The most that a message may take in both its places: some 1,500 characters of ASCII, 800 bytes of anything else. */
const MAX_MESSAGE_BYTES = 3_500;

export function messageFits(message: string): boolean {
  const bytes = Buffer.byteLength(message);
  const encoded = message.replace(/[ -$&-~]/g, '').length;
  return (bytes * 4) / 3 + (encoded === 0 ? bytes : 3 * bytes) <= MAX_MESSAGE_BYTES;
}
