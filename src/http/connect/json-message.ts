import {
  type DescMessage,
  fromBinary,
  fromJson,
  type JsonObject,
  type JsonValue,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import { descriptors } from '../../api/codec/descriptors.js';
import { invalidFields, RequestError } from '../../api/failures/request-error.js';
import { jsonFault, lostEntries } from './json-fault.js';

/** Messages in the canonical JSON of protobuf, from and to the bytes that the handlers take and give. */

const strictText = new TextDecoder('utf-8', { fatal: true });

/** The bytes of the message that a body holds as JSON. */
export function bytesOfBody(type: DescMessage, body: Buffer): Buffer {
  return bytesOfJson(type, parsed(type, body));
}

/** A field that the API does not have is refused: misspelt, it would silently ask for something else. */
export function bytesOfJson(type: DescMessage, json: JsonValue): Buffer {
  let bytes: Uint8Array;
  try {
    bytes = toBinary(type, fromJson(type, json, { registry: descriptors() }));
  } catch (error) {
    throw invalidFields([jsonFault(type, json, error)]);
  }
  const lost = lostEntries(type, json);
  if (lost.length > 0) throw invalidFields(lost);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

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

function parsed(type: DescMessage, body: Buffer): JsonValue {
  if (body.length === 0)
    throw malformed(type, `the body is empty: send a ${type.typeName} as JSON, at least {}`);
  let value: JsonValue;
  try {
    value = JSON.parse(strictText.decode(body)) as JsonValue;
  } catch (error) {
    const why = error instanceof SyntaxError ? error.message : 'it is not UTF-8';
    throw malformed(type, `the body is not JSON: ${why}`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw malformed(type, `the body must be a JSON object with the fields of a ${type.typeName}`);
}

function malformed({ typeName }: DescMessage, detail: string): RequestError {
  return new RequestError({ reason: 'MALFORMED_MESSAGE', typeName, detail });
}
