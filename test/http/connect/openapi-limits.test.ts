import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openApiDocument } from '../../../src/gen/openapi.js';
import { stopServers } from '../../support/http-server.js';
import { type Came, type ConnectHarness, startConnect } from './support/connect-harness.js';
import { type Json, type Schema, SchemaValues, type Tried } from './support/schema-values.js';

/**
 * Every limit that `/openapi.json` states is the server's own: of each field of each request, values at the limit and beyond it,
 * made of the document alone. A new field is walked by itself.
 */

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly schema: Schema;
}
interface Operation {
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: Schema } } };
  readonly parameters?: readonly Parameter[];
}
const { paths, components } = openApiDocument as unknown as {
  readonly paths: Readonly<Record<string, { readonly post?: Operation; readonly get?: Operation }>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
};
const values = new SchemaValues(components.schemas, ['usageId', 'expiresAt']);

/** What the document says in words alone, by the end of a method's path and the field. */
const SAID_IN_WORDS: readonly (readonly [
  method: RegExp,
  field: RegExp,
  why: string,
  tried?: (value: Json) => boolean,
])[] = [
  [
    /\/RecordUsage$/,
    /^usage\.usage_id$/,
    'a release needs none, and has the same message',
    (value) => value === '',
  ],
  [
    /\/(AcquireSlot|GetAvailability)$/,
    /^expected\./,
    'nothing but zeros is no expectation',
    (value) => Number(value) === 0,
  ],
  [/\/(ListUsage|usage)$/, /^by(\[0\])?$/, 'each once, HOUR alone, and none that is not set'],
  [/./, /page_token$/, 'only the service can make one', (value) => value !== ''],
  [/./, /^policy\.time_zone$/, 'the names of time zones are a table of their own'],
  [/\/AddTopUp$/, /^(kind|month|expires_at)$/, 'each kind has a span of its own, which the domain tests'],
  [/\/(UpdateBudget|SimulatePolicy)$/, /^update_mask$/, 'it names fields of a policy'],
  [/./, /^policy\.teams\["k"\]\.ai_ids$/, 'so many in all teams together'],
];

let http: ConnectHarness;
beforeAll(async () => {
  http = await startConnect();
});
afterAll(stopServers);

const posts = Object.entries(paths).flatMap(([path, { post }]) => {
  const schema = post?.requestBody?.content['application/json'].schema;
  return schema === undefined ? [] : [[path, schema] as const];
});

describe('limits of /openapi.json', () => {
  it.each(posts)('%s keeps them all', async (path, schema) => {
    let [within, beyond] = [0, 0];
    const wrong: string[] = [];
    for (const tried of values.tried(schema)) {
      if (isSaidInWords(path, tried)) continue;
      tried.fits ? within++ : beyond++;
      const fault = faultOf(tried, await http.post(path, tried.value as object));
      if (fault !== undefined) wrong.push(`${tried.field} ${shown(tried.value)}: ${fault}`);
    }
    expect(wrong).toEqual([]);
    // Each has at least the id of what it is about, but for the list of all.
    expect(within).toBeGreaterThan(0);
    expect(beyond).toBeGreaterThan(0);
  });

  const reads = Object.entries(paths).filter(([path]) => path.startsWith('/api/v1/'));
  it.each(reads)('GET %s keeps them all', async (path, { get }) => {
    const wrong: string[] = [];
    const { parameters = [] } = get ?? {};
    for (const { name, in: place, schema } of parameters) {
      for (const tried of values.tried(schema)) {
        if (isSaidInWords(path, { ...tried, field: name })) continue;
        // An empty part, or one of dots, makes another path.
        if (place === 'path' && /^\.*$/.test(String(tried.value))) continue;
        if (typeof tried.value === 'string' && schema.type === 'integer') continue;
        const part = place === 'path' ? encodeURIComponent(String(tried.value)) : 'anthropic';
        const query = place === 'query' ? `?${name}=${encodeURIComponent(String(tried.value))}` : '';
        const came = await http.get(path.replace('{budget_id}', part) + query);
        const { field } = (came.json['error'] ?? {}) as { field?: string };
        const isRight = tried.fits ? came.status === 200 : came.status === 400 && field === name;
        if (!isRight)
          wrong.push(`${name} ${shown(tried.value)}: ${came.status} ${came.bytes.toString().slice(0, 200)}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('walks every kind of limit', () => {
    const text = JSON.stringify(openApiDocument);
    const kinds = [
      'minimum',
      'maximum',
      'exclusiveMinimum',
      'minLength',
      'maxLength',
      'x-maxBytes',
      'pattern',
    ];
    for (const kind of [
      ...kinds,
      'minItems',
      'maxItems',
      'maxProperties',
      'propertyNames',
      'x-minimum',
      'x-maximum',
      'not',
    ])
      expect(text).toContain(`"${kind}":`);
    // What is not known here would not be walked.
    for (const kind of ['exclusiveMaximum', 'minProperties', 'multipleOf', 'const', 'uniqueItems'])
      expect(text).not.toContain(`"${kind}":`);
  });
});

function isSaidInWords(path: string, { field, value }: Tried): boolean {
  return SAID_IN_WORDS.some(
    ([method, of, , only]) => method.test(path) && of.test(field) && (only?.(at(value, field)) ?? true),
  );
}

/** The value of the field itself. */
function at(value: Json, field: string): Json {
  let found = value;
  for (const name of field.split('.')) {
    if (typeof found !== 'object' || found === null) return found;
    const camel = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    found = (found as Record<string, Json>)[camel];
  }
  return found;
}

/** What the server did wrong; undefined if it was right. */
function faultOf({ field, fits }: Tried, { status, json, bytes }: Came): string | undefined {
  const answer = `${status} ${bytes.toString().slice(0, 300)}`;
  // Nobody was granted such a lease; so the field was read.
  if (fits) return status === 200 || json['code'] === 'not_found' ? undefined : `refused: ${answer}`;
  if (status !== 200 && json['code'] === 'invalid_argument' && namesField(json, field)) return undefined;
  return status === 200 ? 'taken' : `not named: ${answer}`;
}

function namesField(json: Came['json'], field: string): boolean {
  const details = (json['details'] ?? []) as {
    type: string;
    debug: { fieldViolations?: { field: string }[] };
  }[];
  const violations = details.flatMap(({ debug }) => debug.fieldViolations ?? []);
  // A key that is too long is named by its beginning.
  return violations.some(
    (one) => one.field === field || (field.length > 30 && one.field.slice(0, 20) === field.slice(0, 20)),
  );
}

function shown(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 200)}... of ${text.length}` : text;
}
