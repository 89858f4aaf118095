import { crc32 } from 'node:zlib';
import { Packr } from 'msgpackr';
import { FNV_START, fnv } from '../../domain/model/fnv.js';
import { StoreError } from '../store.js';
import { HOW_TO_RESTORE } from './file-pages.js';
import { type Key, printableKey } from './keys.js';
import { VALUE_STRUCTURES } from './value-structures.js';

/** One entry to write; without bytes, the key is removed. */
export interface Change {
  readonly key: Key;
  readonly bytes?: Uint8Array;
  readonly version?: number;
}

const CHECKSUM_BYTES = 4;
const ROOM_FOR_CHECKSUM = Buffer.alloc(CHECKSUM_BYTES);
const versionNumber = new Float64Array(1);
const versionWords = new Uint32Array(versionNumber.buffer);

/** It must not learn structures of its own: who reads in another process would not know them. */
const MSGPACK = new Packr({
  structures: VALUE_STRUCTURES.map((names) => [...names]),
  maxSharedStructures: VALUE_STRUCTURES.length,
});
/** Before msgpack, which begins no value so. What begins otherwise is JSON, as all values were in format 1. */
const PACKED = 0xc1;
const PACKED_BYTES = Buffer.from([PACKED]);
/** A name that is another one when msgpackr has read it. */
const UNSAFE_NAME = '__proto__';

/**
 * The value behind a CRC-32 of it that begins with a hash of key and version: LMDB itself checks nothing that it reads, and a
 * flipped bit in an amount would otherwise be spent as if it were true. With the key in the sum, a value under the wrong key
 * is noticed too; with the version, one that would let a stale write win.
 */
export function put(key: Key, value: unknown, version = 0): Change {
  const packed = MSGPACK.pack(value);
  const parts = packed.includes(UNSAFE_NAME) ? [Buffer.from(JSON.stringify(value))] : [PACKED_BYTES, packed];
  const bytes = Buffer.concat([ROOM_FOR_CHECKSUM, ...parts]);
  bytes.writeUInt32BE(checksum(key, version, bytes.subarray(CHECKSUM_BYTES)));
  return { key, bytes, version };
}

export function isIntact(key: Uint8Array, version: number, bytes: Buffer): boolean {
  if (bytes.length < CHECKSUM_BYTES) return false;
  return bytes.readUInt32BE() === checksum(key, version, bytes.subarray(CHECKSUM_BYTES));
}

/** `file` and `key` are named in the error, for the operator who has to restore a backup. */
export function decodeValue<T>(file: string, key: Uint8Array, version: number, stored: Uint8Array): T {
  const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
  if (isIntact(key, version, bytes)) return valueIn(bytes.subarray(CHECKSUM_BYTES)) as T;
  const what = `the value of ${printableKey(key)} fails its checksum`;
  throw new StoreError('unavailable', `${file} is damaged: ${what}; ${HOW_TO_RESTORE}`);
}

function valueIn(bytes: Buffer): unknown {
  return bytes[0] === PACKED ? MSGPACK.unpack(bytes.subarray(1)) : JSON.parse(bytes.toString());
}

function checksum(key: Uint8Array, version: number, text: Uint8Array): number {
  return crc32(text, seedOf(key, version));
}

/** For a few bytes it is quicker than to ask for a CRC. Two keys that differ in one byte never have the same. */
function seedOf(key: Uint8Array, version: number): number {
  let hash = FNV_START;
  for (const byte of key) hash = fnv(hash, byte);
  // Whole, as LMDB keeps it: a flipped bit may make a fraction of it.
  versionNumber[0] = version;
  for (const word of versionWords) hash = fnv(hash, word);
  return hash >>> 0;
}
