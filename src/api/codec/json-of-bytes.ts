import { type DescMessage, fromBinary, type JsonObject, type JsonValue, toJson } from '@bufbuild/protobuf';
import { descriptors } from './descriptors.js';

/** The canonical JSON of protobuf of a message that is there as bytes. */
export function jsonOfBytes(type: DescMessage, bytes: Buffer): JsonObject {
  if (bytes.includes(PROTO)) return renamed(read(type, replaced(bytes))) as JsonObject;
  return read(type, bytes);
}

function read(type: DescMessage, bytes: Buffer): JsonObject {
  return toJson(type, fromBinary(type, bytes), { registry: descriptors() }) as JsonObject;
}

/**
 * An AI may be called `__proto__`, and CONFIG_FILE and maps of answers may name it; the library, which keeps maps in plain
 * objects, would lose the entry. So it reads another name, as long and forbidden to everybody, in its place.
 */
const PROTO = Buffer.from('__proto__');
const STAND_IN = '\u0001proto\u0001\u0001\u0001';

function replaced(bytes: Buffer): Buffer {
  const replica = Buffer.from(bytes);
  for (let at = replica.indexOf(PROTO); at >= 0; at = replica.indexOf(PROTO, at)) replica.write(STAND_IN, at);
  return replica;
}

function renamed(json: JsonValue): JsonValue {
  if (typeof json === 'string') return json.replaceAll(STAND_IN, '__proto__');
  if (typeof json !== 'object' || json === null) return json;
  if (Array.isArray(json)) return json.map(renamed);
  // Own properties whatever their names.
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => [key.replaceAll(STAND_IN, '__proto__'), renamed(value)]),
  );
}
