import { type DescMessage, fromJson, type JsonValue, toBinary } from '@bufbuild/protobuf';
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
