import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { MAX_AMOUNT } from '../../domain/model/limits.js';
import type { FieldViolation } from '../../domain/model/outcomes.js';
import { amount } from '../../domain/model/wording.js';

const MAX_DEPTH = 32;
const SIGNED_AMOUNTS = new Set(['budgetarbiter.v1.AdjustUsageRequest.tokens']);
const strictText = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads a message slowly and strictly, when the fast decoder stumbled or something looks odd. Throws if the bytes are no
 * such message; returns what no generated type can hold: numbers that are not exact in JavaScript, and map keys that would
 * name the prototype of an object instead of an entry.
 */
export function inspectBytes(type: DescMessage, bytes: Uint8Array): FieldViolation[] {
  const violations: FieldViolation[] = [];
  inspectMessage(type, bytes, '', violations, 0);
  return violations;
}

function inspectMessage(
  type: DescMessage,
  bytes: Uint8Array,
  prefix: string,
  found: FieldViolation[],
  depth: number,
): void {
  if (depth > MAX_DEPTH) throw new Error('nested too deeply');
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    const field = type.fields.find((candidate) => candidate.number === number);
    if (field === undefined) reader.skip(wireType, number);
    else inspectField(field, reader, wireType, `${prefix}${field.name}`, found, depth);
  }
}

function inspectField(
  field: DescField,
  reader: BinaryReader,
  wireType: WireType,
  path: string,
  found: FieldViolation[],
  depth: number,
): void {
  if (wireType === WireType.Varint && isInt64(field)) {
    const value = BigInt(reader.int64());
    if (value !== BigInt(Number(value)) || !Number.isSafeInteger(Number(value))) {
      found.push(unsafe(field, path, value));
    }
  } else if (wireType === WireType.LengthDelimited) {
    const bytes = reader.bytes();
    if (field.fieldKind === 'map') inspectEntry(field, bytes, path, found, depth);
    else if (field.message !== undefined) inspectMessage(field.message, bytes, `${path}.`, found, depth + 1);
    else if (isText(field)) strictText.decode(bytes);
  } else reader.skip(wireType, field.number);
}

/** A map's entry is a message whose field 1 is the key and field 2 the value. */
function inspectEntry(
  field: DescField & { fieldKind: 'map' },
  bytes: Uint8Array,
  path: string,
  found: FieldViolation[],
  depth: number,
): void {
  const reader = new BinaryReader(bytes);
  let key = '';
  let value: Uint8Array | undefined;
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (number > 2 || wireType !== WireType.LengthDelimited) reader.skip(wireType, number);
    else if (number === 1) key = strictText.decode(reader.bytes());
    else value = reader.bytes();
  }
  const entry = `${path}[${JSON.stringify(key.slice(0, 128))}]`;
  if (key === '__proto__') found.push({ field: entry, description: 'this key is reserved; use another' });
  if (value === undefined) return;
  if (field.message !== undefined) inspectMessage(field.message, value, `${entry}.`, found, depth + 1);
  else if (field.scalar === ScalarType.STRING) strictText.decode(value);
}

function isInt64(field: DescField): boolean {
  return field.fieldKind === 'scalar' && field.scalar === ScalarType.INT64;
}

function isText(field: DescField): boolean {
  return (
    (field.fieldKind === 'scalar' && field.scalar === ScalarType.STRING) ||
    (field.fieldKind === 'list' && field.listKind === 'scalar' && field.scalar === ScalarType.STRING)
  );
}

function unsafe(field: DescField, path: string, value: bigint): FieldViolation {
  if (field.parent.typeName === 'google.protobuf.Duration') {
    return {
      field: path.replace(/\.seconds$/, ''),
      description: `is no possible duration: ${value} seconds`,
    };
  }
  const signed = SIGNED_AMOUNTS.has(`${field.parent.typeName}.${field.name}`);
  const least = signed ? `-${amount(MAX_AMOUNT)}` : '0';
  return { field: path, description: `must be ${least} to ${amount(MAX_AMOUNT)}; it is ${value}` };
}
