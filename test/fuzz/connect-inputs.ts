import { gzipSync } from 'node:zlib';
import { fromBinary, toJson } from '@bufbuild/protobuf';
import { methodAt } from '../../src/api/codec/descriptors.js';
import type { Chance } from '../support/chance.js';
import { message, OWN, type Target } from './messages.js';

const TYPES = [
  'application/proto',
  'application/json; charset=utf-8',
  'application/json; charset=latin1',
  'application/connect+json',
  'text/plain',
  'multipart/form-data; boundary=x',
  '',
];
const ODD_HEADERS = [
  'Connect-Protocol-Version: 1',
  'Connect-Protocol-Version: 2',
  'Connect-Timeout-Ms: 0',
  'Connect-Timeout-Ms: 30',
  'Connect-Timeout-Ms: -1',
  'Connect-Timeout-Ms: 99999999999',
  'Content-Encoding: gzip',
  'Content-Encoding: identity',
  'Origin: http://evil.example',
  'Origin: http://x',
  'Origin: null',
  'Sec-Fetch-Site: cross-site',
  'Expect: 100-continue',
];
/** What stands in a JSON text where something else was. */
const ODD_VALUES = [
  ...[
    'null',
    'true',
    '-1',
    '0',
    '1e400',
    '1.5',
    '9007199254740993',
    '"99999999999999999999"',
    '"0x5"',
    '"NaN"',
    '""',
  ],
  ...[
    '[]',
    '{}',
    '[null]',
    '{"a":null}',
    '{"__proto__":"x"}',
    '{"__proto__":{"a":1}}',
    '"\\ud800"',
    '"\\u0000"',
  ],
  ...[
    '"1.5s"',
    '"-1s"',
    '"99999999999999999s"',
    '"MODE_OBSERVE"',
    '99',
    '"cooldown,tokenWeights.inputPercent"',
  ],
  ...['nul', "'a'", '{"a":1,"a":2}', '{"a"}', '[', '"'],
];
const PATHS = [
  '/openapi.json',
  '/api/v1/budgets',
  '/api/v1/budgets/anthropic',
  '/api/v1/budgets/anthropic/distribution?month=2026-11',
  '/api/v1/budgets/anthropic/leases?include_closed=true&page_size=2',
  '/api/v1/budgets/anthropic/usage?group_by=USAGE_GROUPING_AI&from_day=2026-11-01',
  '/api/v1/leases?page_token=',
  '/api/v1/usage?budget_id=__proto__',
  '/api/v1/distribution?day=2026-11-31',
  '/api/v1/budgets/%ff/leases',
  '/api/v1/budgets/__proto__',
  '/api/v1/budgets//usage',
];

/** A call of the API over HTTP as its clients would not make it, or nearly. */
export function connectRequest(chance: Chance): Buffer {
  if (chance.maybe(0.15)) return readRequest(chance);
  const target = chance.pick(OWN);
  const asBytes = chance.maybe(0.1);
  const sent = asBytes ? message(chance, target) : jsonBody(chance, target);
  const body = chance.maybe(0.03) ? gzipSync(sent) : sent;
  const type = chance.maybe(0.05) ? chance.pick(TYPES) : `application/${asBytes ? 'proto' : 'json'}`;
  const lines = [
    `POST ${chance.maybe(0.02) ? `${target.path}x` : target.path} HTTP/1.1`,
    'Host: localhost',
    `Content-Type: ${type}`,
  ];
  for (let count = chance.pick([0, 0, 0, 1, 2]); count > 0; count -= 1) lines.push(chance.pick(ODD_HEADERS));
  const length = chance.maybe(0.03) ? chance.below(70_000) : body.length;
  if (chance.maybe(0.1)) return chunked(chance, lines, body);
  lines.push(`Content-Length: ${length}`);
  return Buffer.concat([head(lines), body]);
}

function readRequest(chance: Chance): Buffer {
  const noise = chance.maybe(0.3) ? chance.text(chance.below(30), 'abc=&%?_.-/12') : '';
  return head([`GET ${chance.pick(PATHS)}${noise} HTTP/1.1`, 'Host: localhost']);
}

function head(lines: readonly string[]): Buffer {
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

function chunked(chance: Chance, lines: readonly string[], body: Buffer): Buffer {
  const end = chance.maybe(0.8) ? '0\r\n\r\n' : '';
  const size = body.length === 0 ? '' : `${body.length.toString(16)}\r\n`;
  const chunks = [Buffer.from(size), body, Buffer.from(size === '' ? end : `\r\n${end}`)];
  return Buffer.concat([head([...lines, 'Transfer-Encoding: chunked']), ...chunks]);
}

/** The JSON of a request that is right, or with a part exchanged, or hardly JSON any more. */
function jsonBody(chance: Chance, { path, samples }: Target): Buffer {
  const { input } = methodAt(path);
  const text = JSON.stringify(toJson(input, fromBinary(input, chance.pick(samples))));
  switch (chance.below(6)) {
    case 0:
      return Buffer.from(text);
    case 1:
      return Buffer.from(chance.pick(ODD_VALUES));
    case 2:
      return deep(chance);
    case 3:
      return noisy(chance, Buffer.from(text));
    default:
      return Buffer.from(exchanged(chance, text));
  }
}

/** Puts something else in the place of one of the values or names. */
function exchanged(chance: Chance, text: string): string {
  const parts = [...text.matchAll(/"(?:[^"\\]|\\.)*"|[\d.]+|true|false/g)];
  if (parts.length === 0) return `{"${chance.text(5, 'abc_')}":${chance.pick(ODD_VALUES)}}`;
  const { index, 0: part } = chance.pick(parts);
  return text.slice(0, index) + chance.pick(ODD_VALUES) + text.slice(index + part.length);
}

function deep(chance: Chance): Buffer {
  const depth = chance.pick([30, 1_000, 20_000]);
  const [open, close] = chance.pick([
    ['[', ']'],
    ['{"policy":', '}'],
    ['{"labels":', '}'],
  ] as const);
  const count = Math.min(depth, Math.floor(60_000 / (open.length + 1)));
  return Buffer.from(`{"labels":${open.repeat(count)}1${close.repeat(count)}}`);
}

function noisy(chance: Chance, bytes: Buffer): Buffer {
  const at = chance.below(bytes.length);
  return Buffer.concat([
    bytes.subarray(0, at),
    chance.bytes(1 + chance.below(4)),
    bytes.subarray(at + chance.below(3)),
  ]);
}
