import { crc32 } from 'node:zlib';
import { StoreError } from '../store.js';

const CHECKSUM_BYTES = 4;

/**
 * JSON behind a CRC-32 of key and text: LMDB itself checks nothing that it reads, and a flipped bit in an amount would
 * otherwise be spent as if it were true. With the key in the sum, a value under the wrong key is noticed too.
 */
export function encodeValue(key: Uint8Array, value: unknown): Buffer {
  const text = Buffer.from(JSON.stringify(value));
  const bytes = Buffer.allocUnsafe(CHECKSUM_BYTES + text.length);
  bytes.writeUInt32BE(crc32(text, crc32(key)));
  text.copy(bytes, CHECKSUM_BYTES);
  return bytes;
}

/** `file` and `key` are named in the error, for the operator who has to restore a backup. */
export function decodeValue<T>(file: string, key: Uint8Array, stored: Uint8Array): T {
  const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
  const text = bytes.subarray(CHECKSUM_BYTES);
  if (bytes.length < CHECKSUM_BYTES || bytes.readUInt32BE() !== crc32(text, crc32(key))) {
    throw new StoreError(
      'unavailable',
      `${file} is damaged: the value of ${printable(key)} fails its checksum.`,
    );
  }
  return JSON.parse(text.toString()) as T;
}

function printable(key: Uint8Array): string {
  return JSON.stringify(Buffer.from(key).toString().replaceAll('\0', ' '));
}
