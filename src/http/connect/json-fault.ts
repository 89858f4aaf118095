import {
  type DescField,
  type DescMessage,
  fromJson,
  type JsonObject,
  type JsonValue,
  ScalarType,
} from '@bufbuild/protobuf';
import { descriptors } from '../../api/codec/descriptors.js';
import type { FieldViolation } from '../../domain/model/outcomes.js';

/**
 * Finds the field for which a message could not be read, and says what belongs there: the library names the innermost type
 * alone. Only after a failure, so it may try one field after the other.
 */
export function jsonFault(type: DescMessage, json: JsonValue, error: unknown, prefix = ''): FieldViolation {
  if (!isObject(json)) return { field: prefix || type.typeName, description: 'must be a JSON object' };
  for (const [key, value] of Object.entries(json)) {
    const field = type.fields.find(({ name, jsonName }) => key === name || key === jsonName);
    if (field === undefined) return unknownField(type, `${prefix}${key.slice(0, 64)}`);
    const cause = failure(type, { [key]: value });
    if (cause === undefined) continue;
    const path = `${prefix}${field.name}`;
    const inner = innerOf(field, value, path);
    if (inner !== undefined) return jsonFault(inner.type, inner.value, cause, `${inner.path}.`);
    const named = wrongName(type, field, key, value, path);
    if (named !== undefined) return named;
    const right = isTooLarge(field, value) ? 'from -2,147,483,648 to 2,147,483,647' : expected(field);
    return { field: path, description: `must be ${right}; it is ${shown(value)}` };
  }
  const reason = error instanceof Error ? error.message.replace(/^.* from JSON: /s, '') : 'does not fit';
  return { field: prefix.slice(0, -1) || type.typeName, description: reason.slice(0, 200) };
}

/** Of a list of names the first that is none. */
function wrongName(type: DescMessage, field: DescField, key: string, value: JsonValue, path: string) {
  if (field.fieldKind !== 'list' || field.enum === undefined || !Array.isArray(value)) return undefined;
  const at = value.findIndex((entry) => failure(type, { [key]: [entry] }) !== undefined);
  if (at < 0) return undefined;
  const names = field.enum.values.map(({ name }) => name).join(', ');
  return {
    field: `${path}[${at}]`,
    description: `must be one of ${names}; it is ${shown(value[at] ?? null)}`,
  };
}

/** The message in a field that cannot be read: itself, or of a map the first that cannot. */
function innerOf(field: DescField, value: JsonValue, path: string) {
  if (field.fieldKind === 'message' && isOwn(field.message)) return { type: field.message, value, path };
  if (field.fieldKind !== 'map' || field.message === undefined || !isObject(value)) return undefined;
  const type = field.message;
  const wrong = Object.entries(value).find(
    ([, entry]) => !isObject(entry) || failure(type, entry) !== undefined,
  );
  return wrong && { type, value: wrong[1], path: `${path}[${JSON.stringify(wrong[0].slice(0, 64))}]` };
}

/** Entries of maps that no object of the library can hold, which it would lose without a word. Over gRPC they are refused, too. */
export function lostEntries(type: DescMessage, json: JsonValue, prefix = ''): FieldViolation[] {
  if (!isObject(json)) return [];
  return type.fields.flatMap((field) => {
    const value = json[field.jsonName] ?? json[field.name];
    if (value === undefined || !isObject(value)) return [];
    const path = `${prefix}${field.name}`;
    if (field.fieldKind === 'message') return lostEntries(field.message, value, `${path}.`);
    if (field.fieldKind !== 'map' || !Object.hasOwn(value, '__proto__')) return [];
    return [{ field: `${path}["__proto__"]`, description: 'this key is reserved; use another' }];
  });
}

function failure(type: DescMessage, json: JsonObject): unknown {
  try {
    fromJson(type, json, { registry: descriptors() });
    return undefined;
  } catch (error) {
    return error;
  }
}

function unknownField(type: DescMessage, field: string): FieldViolation {
  const known = type.fields.map(({ jsonName }) => jsonName).join(', ');
  return { field, description: `unknown field; known are ${known || 'none'}` };
}

/** Those of protobuf have a form of JSON of their own. */
function isOwn({ typeName }: DescMessage): boolean {
  return !typeName.startsWith('google.protobuf.');
}

function isObject(json: JsonValue): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function expected(field: DescField): string {
  switch (field.fieldKind) {
    case 'enum':
      return `one of ${field.enum.values.map(({ name }) => name).join(', ')}`;
    case 'list':
      return field.scalar === ScalarType.STRING ? 'a list of texts' : 'a list';
    case 'map':
      return field.scalar === undefined
        ? 'an object of objects'
        : `an object whose values are ${scalar(field.scalar)}`;
    case 'message':
      return WELL_KNOWN[field.message.typeName] ?? 'an object';
    case 'scalar':
      return scalar(field.scalar);
  }
}

/** What is whole, and yet no int32. */
function isTooLarge({ scalar }: DescField, value: JsonValue): boolean {
  return scalar === ScalarType.INT32 && Math.abs(Number(value)) >= 2 ** 31 && Number.isInteger(Number(value));
}

const WELL_KNOWN: Readonly<Record<string, string>> = {
  'google.protobuf.Duration': 'a duration in seconds, such as "1.5s"',
  'google.protobuf.Timestamp': 'a time, such as "2026-11-01T09:00:00Z"',
  'google.protobuf.FieldMask':
    'a text of paths in lowerCamelCase, such as "cooldown,tokenWeights.inputPercent"',
};

function scalar(type: ScalarType): string {
  switch (type) {
    case ScalarType.STRING:
      return 'text';
    case ScalarType.BOOL:
      return 'true or false';
    case ScalarType.DOUBLE:
      return 'a number';
    default:
      return 'a whole number, or one as text';
  }
}

/** What is nested is not printed: it may be nested deeper than the printer can follow. */
function shown(value: JsonValue): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}...` : text;
}
