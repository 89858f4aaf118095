import { type DescEnum, type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { commentOf } from './comments.js';
import { type FieldRule, type Keywords, ruleFor } from './field-rules.js';
import { wholeWithin } from './whole-within.js';

export type Schema = Readonly<Record<string, unknown>>;

/**
 * How a message is written: `request` takes all that the canonical JSON of protobuf allows, `answer` is what is sent, and `plain`
 * has the names of the proto file and numbers for amounts, as the first page over HTTP had them.
 */
export type Style = 'request' | 'answer' | 'plain';

const WELL_KNOWN: Readonly<Record<string, Schema>> = {
  'google.protobuf.Duration': {
    type: 'string',
    pattern: '^-?[0-9]{1,12}(\\.[0-9]{1,9})?s$',
    examples: ['1.5s'],
  },
  'google.protobuf.Timestamp': { type: 'string', format: 'date-time' },
  'google.protobuf.FieldMask': { type: 'string', examples: ['cooldown,tokenWeights.inputPercent'] },
};

/** Schemas of messages and enums by their names, each made when first referred to. */
export class Schemas {
  readonly made: Record<string, Schema> = {};

  ref(message: DescMessage, style: Style): Schema {
    const known = WELL_KNOWN[message.typeName];
    if (known !== undefined) return known;
    const name = message.name + (style === 'plain' ? 'Plain' : '');
    const before = this.made[name];
    // What is both asked and answered takes all that a request may have.
    if (before === undefined || (style === 'request' && before['additionalProperties'] === undefined)) {
      this.made[name] = { type: 'object' };
      this.made[name] = this.messageSchema(message, style);
    }
    return { $ref: `#/components/schemas/${name}` };
  }

  private messageSchema(message: DescMessage, style: Style): Schema {
    const properties = message.fields.map((field) => {
      const schema = this.fieldSchema(field, style);
      const description = commentOf(field);
      return [
        style === 'plain' ? field.name : field.jsonName,
        description ? { ...schema, description } : schema,
      ];
    });
    return {
      type: 'object',
      description: commentOf(message),
      properties: Object.fromEntries(properties),
      ...(style === 'request' ? requestRules(message) : {}),
    };
  }

  private fieldSchema(field: DescField, style: Style): Schema {
    const schema = this.valueSchema(field, style);
    if (style === 'request') return isRequired(field) || isChoice(field) ? schema : orNull(schema);
    return style === 'plain' && field.message !== undefined && isOptional(field) ? orNull(schema) : schema;
  }

  private valueSchema(field: DescField, style: Style): Schema {
    const rule = style === 'request' ? ruleFor(field) : ANSWERED;
    const { key, entries, value } = rule;
    switch (field.fieldKind) {
      case 'scalar':
        return scalarSchema(field.scalar, style, value);
      case 'enum':
        return enumSchema(field.enum, style);
      case 'message': {
        const known = this.ref(field.message, style);
        return '$ref' in known ? known : { ...known, ...value };
      }
      case 'list':
        return {
          ...{ type: 'array', items: this.elementSchema(field, style, rule), ...rule.list },
          ...(style === 'request' && isRequired(field) && { minItems: 1 }),
          ...(entries !== undefined && { maxItems: entries }),
        };
      case 'map':
        return {
          ...{ type: 'object', additionalProperties: this.elementSchema(field, style, rule) },
          ...(key && { propertyNames: key }),
          ...(entries !== undefined && { maxProperties: entries }),
        };
    }
  }

  private elementSchema(
    field: DescField & { fieldKind: 'list' | 'map' },
    style: Style,
    rule: FieldRule,
  ): Schema {
    if (field.message !== undefined) return this.ref(field.message, style);
    if (field.enum !== undefined) return rule.named ? namesSchema(field.enum) : enumSchema(field.enum, style);
    return scalarSchema(field.scalar, style, rule.value);
  }
}

/** What an answer has is not for its readers to check. */
const ANSWERED: FieldRule = { value: {} };

export function scalarSchema(type: ScalarType, style: Style, rule: Keywords): Schema {
  switch (type) {
    case ScalarType.STRING:
      return { type: 'string', ...rule };
    case ScalarType.BOOL:
      return { type: 'boolean' };
    case ScalarType.DOUBLE:
      return { type: 'number', ...rule };
    case ScalarType.INT32:
      return { type: 'integer', format: 'int32', ...rule };
    case ScalarType.INT64:
      return int64(rule, style);
    default:
      throw new Error(`no schema for scalar ${type}`);
  }
}

/** As text, since readers of JSON may lose digits of a number. A request may have either. */
function int64(rule: Keywords, style: Style): Schema {
  if (style === 'plain') return { type: 'integer' };
  if (style === 'answer') return { type: 'string', pattern: '^-?[0-9]+$' };
  return {
    anyOf: [
      { type: 'string', pattern: digitsWithin(Number(rule['minimum']), Number(rule['maximum'])) },
      { type: 'integer', ...rule },
    ],
  };
}

/** A range in digits. One that begins below zero reaches as far above it, and has no zero. */
function digitsWithin(least: number, most: number): string {
  return least < 0 ? `^-?${wholeWithin(1, most)}$` : `^${wholeWithin(least, most)}$`;
}

export function enumSchema({ values, sharedPrefix = '' }: DescEnum, style: Style): Schema {
  const names = values.map(({ name }) => (style === 'plain' ? name.slice(sharedPrefix.length) : name));
  if (style !== 'request') return { type: 'string', enum: names };
  return { enum: [...names, ...values.map(({ number }) => number)] };
}

/** The names that mean something. */
export function namesSchema({ values }: DescEnum): Schema {
  return { type: 'string', enum: values.filter(({ number }) => number !== 0).map(({ name }) => name) };
}

/** In the canonical JSON null stands for a field that is absent. */
function orNull(schema: Schema): Schema {
  const { type, anyOf } = schema;
  if (typeof type === 'string') return { ...schema, type: [type, 'null'] };
  if (Array.isArray(anyOf)) return { anyOf: [...anyOf, { type: 'null' }] };
  if (Array.isArray(schema['enum'])) return { enum: [...schema['enum'], null] };
  return { anyOf: [schema, { type: 'null' }] };
}

function requestRules(message: DescMessage): Schema {
  const required = message.fields.filter(isRequired).map(({ jsonName }) => jsonName);
  const choices = message.oneofs
    .filter((oneof) => commentOf(oneof).includes('Required.'))
    .map(({ fields }) => fields.map(({ jsonName }) => ({ required: [jsonName] })));
  return {
    additionalProperties: false,
    ...(required.length === 0 ? {} : { required }),
    ...(choices[0] === undefined ? {} : { oneOf: choices[0] }),
  };
}

/** The comments of the proto files say it in a word. */
export function isRequired(field: DescField): boolean {
  return /\bRequired\b(?! in `)/.test(commentOf(field));
}

/** A choice that is null would be none. */
function isChoice({ oneof }: DescField): boolean {
  return oneof !== undefined;
}

function isOptional(field: DescField): boolean {
  return field.proto.proto3Optional;
}
