/** Schemas of `/openapi.json`, as far as it says what a field may be; and values of each, near every limit that it states. */

export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly { readonly required: readonly string[] }[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly propertyNames?: Schema;
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly not?: {
    readonly enum?: readonly unknown[];
    /** Of a list: so many, and this among them. */
    readonly minItems?: number;
    readonly contains?: { readonly const: unknown };
  };
  readonly uniqueItems?: boolean;
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly 'x-maxBytes'?: number;
  readonly 'x-minimum'?: string;
  readonly 'x-maximum'?: string;
}

export type Json = unknown;

/** A value for a schema, and whether the schema takes it. */
export interface Tried {
  readonly value: Json;
  /** Which field it is about, in the names of the proto files: `usage.tokens.input_tokens`, `labels["k"]`; empty for the value itself. */
  readonly field: string;
  readonly fits: boolean;
}

/** What is likely to be wrong somewhere: of each text, number and form. */
const TEXTS = [
  ...[
    '',
    ' ',
    'a b',
    'a',
    'A',
    '0',
    '.a',
    '-',
    '_',
    'é',
    '\u0000',
    'a\n',
    'a\tb',
    '\u007f',
    '\u0085',
    '😀',
    '(other)',
  ],
  ...[
    '(unknown)',
    '(unspecified)',
    '(rest)',
    '"',
    '__proto__',
    '2026-11-01',
    '2028-02-29',
    '2027-02-29',
    '2026-13-01',
  ],
  ...['2026-11-31', '2026-11', '2026-00', '2026-1-1', '1s', '-1s', '1.5s', '0.0001s', '0s', '1', '-1', '1.5'],
  '2026-11-20T00:00:00Z',
];
const NUMBERS = [0, -1, 1, 0.5, 1.5];

export class SchemaValues {
  /** `always`: names that samples have where a schema knows them, though it could do without. */
  constructor(
    private readonly schemas: Readonly<Record<string, Schema>>,
    private readonly always: readonly string[],
  ) {}

  /** A schema that refers to nothing, and of what may be null the rest. */
  private plain(schema: Schema): Schema {
    if (schema.$ref !== undefined) return this.plain(this.schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {});
    const [only, ...others] = (schema.anyOf ?? []).filter(({ type }) => type !== 'null');
    return only !== undefined && others.length === 0 ? this.plain(only) : schema;
  }

  /** The least that this schema takes. */
  sample(of: Schema): Json {
    const schema = this.plain(of);
    if (isOf(schema, 'object')) return this.object(schema, schema.oneOf?.[0]?.required ?? []);
    if (isOf(schema, 'array'))
      return Array.from({ length: schema.minItems ?? 0 }, () => this.sample(schema.items ?? {}));
    const value = this.scalars(schema).find((candidate) => candidate !== '' && this.takes(schema, candidate));
    if (value === undefined) throw new Error(`no value fits ${JSON.stringify(schema)}`);
    return value;
  }

  private object(
    { properties = {}, required = [] }: Schema,
    chosen: readonly string[],
  ): Record<string, Json> {
    const known = this.always.filter((name) => name in properties);
    const names = [...required, ...known, ...chosen];
    return Object.fromEntries(names.map((name) => [name, this.sample(properties[name] ?? {})]));
  }

  /** Values within and beyond each limit of the schema, and of all that is in it. */
  *tried(of: Schema): Generator<Tried> {
    const schema = this.plain(of);
    if (isOf(schema, 'object') && schema.properties !== undefined) yield* this.ofObject(schema);
    else if (isOf(schema, 'object')) yield* this.ofMap(schema);
    else if (isOf(schema, 'array')) yield* this.ofList(schema);
    else
      for (const value of this.scalars(schema)) yield { value, field: '', fits: this.takes(schema, value) };
  }

  private *ofObject(schema: Schema): Generator<Tried> {
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      const choice = schema.oneOf?.find(({ required }) => required.includes(name)) ?? schema.oneOf?.[0];
      const base = this.object(schema, choice?.required ?? []);
      for (const { value, field, fits } of this.tried(property)) {
        yield { value: { ...base, [name]: value }, field: joined(snake(name), field), fits };
      }
    }
  }

  private *ofMap({ additionalProperties, propertyNames = {}, maxProperties }: Schema): Generator<Tried> {
    if (typeof additionalProperties !== 'object') return;
    const value = this.sample(additionalProperties);
    for (const one of this.tried(additionalProperties)) {
      yield { ...one, value: { k: one.value }, field: joined('["k"]', one.field) };
    }
    for (const key of this.scalars({ type: 'string', ...propertyNames }) as string[]) {
      // A reader of JSON takes this name for the prototype of what it makes.
      if (key === '__proto__') continue;
      yield {
        value: { [key]: value },
        field: `[${JSON.stringify(key)}]`,
        fits: this.takes({ type: 'string', ...propertyNames }, key),
      };
    }
    if (maxProperties === undefined) return;
    for (const count of [maxProperties, maxProperties + 1]) {
      const entries = Array.from({ length: count }, (_, at) => [`k${at}`, value]);
      yield { value: Object.fromEntries(entries), field: '', fits: count <= maxProperties };
    }
  }

  private *ofList(schema: Schema): Generator<Tried> {
    const { items = {}, minItems = 0, maxItems } = schema;
    for (const one of this.tried(items))
      yield { ...one, value: [one.value], field: joined('[0]', one.field) };
    if (minItems > 0) yield { value: [], field: '', fits: false };
    if (schema.uniqueItems) yield* this.ofSet(schema);
    if (maxItems === undefined || schema.uniqueItems) return;
    for (const count of [maxItems, maxItems + 1]) {
      yield {
        value: Array.from({ length: count }, () => this.sample(items)),
        field: '',
        fits: count <= maxItems,
      };
    }
  }

  /** Of each once: as many as there may be, one twice, and what stands alone beside another. */
  private *ofSet({ items = {}, maxItems = Infinity, not }: Schema): Generator<Tried> {
    const element = this.plain(items);
    const each = this.scalars(element).filter((value) => this.takes(element, value));
    const alone = each.filter((value) => value === not?.contains?.const);
    const social = each.filter((value) => !alone.includes(value));
    yield { value: social, field: '', fits: social.length <= maxItems };
    for (const value of each) yield { value: [value, value], field: '', fits: false };
    for (const value of alone) yield { value: [value, social[0]], field: '', fits: false };
  }

  /** Values of a schema without parts. */
  private scalars(schema: Schema): Json[] {
    if (schema.enum !== undefined) return [...schema.enum, 'NO_SUCH_NAME', 99];
    if (schema.anyOf !== undefined) {
      const numbers = schema.anyOf.filter((one) => isOf(one, 'integer')).flatMap((one) => this.scalars(one));
      return [...numbers, ...numbers.filter(Number.isInteger).map(String)];
    }
    if (isOf(schema, 'boolean')) return [true, false];
    if (isOf(schema, 'string')) return [...new Set([...TEXTS, ...lengths(schema), ...bounds(schema)])];
    const step = isOf(schema, 'integer') ? 1 : 0.0001;
    const { minimum, maximum, exclusiveMinimum } = schema;
    const limits = [minimum, maximum, exclusiveMinimum].filter((limit) => limit !== undefined);
    return [...new Set([...NUMBERS, ...limits.flatMap((limit) => [limit - step, limit, limit + step])])];
  }

  /** Whether a schema without parts takes a value. */
  takes(schema: Schema, value: Json): boolean {
    if (schema.enum !== undefined) return schema.enum.includes(value);
    if (schema.anyOf !== undefined) return schema.anyOf.some((one) => this.takes(one, value));
    if (schema.not?.enum?.includes(value)) return false;
    if (typeof value === 'boolean') return isOf(schema, 'boolean');
    if (typeof value === 'string') return isOf(schema, 'string') && takesText(schema, value);
    const { minimum = -Infinity, maximum = Infinity, exclusiveMinimum = -Infinity } = schema;
    const number = value as number;
    if (isOf(schema, 'integer') ? !Number.isInteger(number) : !isOf(schema, 'number')) return false;
    return number >= minimum && number <= maximum && number > exclusiveMinimum;
  }
}

function takesText(schema: Schema, text: string): boolean {
  const { minLength = 0, maxLength = Infinity, pattern = '', format } = schema;
  const { 'x-maxBytes': maxBytes = Infinity, 'x-minimum': least, 'x-maximum': most } = schema;
  const characters = [...text].length;
  if (characters < minLength || characters > maxLength || Buffer.byteLength(text) > maxBytes) return false;
  if (!new RegExp(pattern, 'u').test(text)) return false;
  if (format === 'date' && !isDate(text)) return false;
  return (
    (least === undefined || comparable(text) >= comparable(least)) &&
    (most === undefined || comparable(text) <= comparable(most))
  );
}

function isDate(text: string): boolean {
  const time = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(text);
}

/** Seconds as a number; days and months are in the order of their texts. */
function comparable(text: string): string | number {
  return text.endsWith('s') ? Number(text.slice(0, -1)) : text;
}

/** Texts as long as is allowed, and longer; of characters of one byte, and of two. */
function lengths({ minLength = 0, maxLength, pattern = '' }: Schema): string[] {
  if (maxLength === undefined) return [];
  const fills = ['a', 'é', '😀'].filter((character) => new RegExp(pattern, 'u').test(character));
  const sizes = [minLength - 1, minLength, maxLength, maxLength + 1].filter((size) => size >= 0);
  return fills.flatMap((fill) => {
    const bytes = Buffer.byteLength(fill);
    const inBytes = [Math.floor(maxLength / bytes), Math.floor(maxLength / bytes) + 1];
    return [...sizes, ...inBytes].map((size) => fill.repeat(size));
  });
}

/** What is at the bounds that the document has as texts, and beyond them. */
function bounds({ 'x-minimum': least, 'x-maximum': most, format }: Schema): string[] {
  if (least === undefined || most === undefined) return [];
  if (least.endsWith('s')) {
    const [from, to] = [Number(least.slice(0, -1)), Number(most.slice(0, -1))];
    return [
      least,
      most,
      `${from}.5s`,
      `${Math.max(0, from - 0.001)}s`,
      `${to + 1}s`,
      `${to}.001s`,
      `${to}.000s`,
    ];
  }
  if (format !== 'date') return [least, most, '0001-01', '9999-12'];
  return [least, most, '0001-01-31', '9999-12-01'];
}

function isOf({ type, enum: values }: Schema, wanted: string): boolean {
  return values === undefined && (type === wanted || (Array.isArray(type) && type.includes(wanted)));
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function joined(field: string, within: string): string {
  return within === '' || within.startsWith('[') ? field + within : `${field}.${within}`;
}
