import { deflateSync, gzipSync } from 'node:zlib';
import { Chance } from '../support/chance.js';
import { randomFrom } from '../support/seed.js';
import { frameBytes } from './frame-inputs.js';
import { httpBytes } from './http-inputs.js';
import { message, TARGETS } from './messages.js';

/** One thing that a client sends. It is printed as JSON when it finds something. */
export type Input = CallInput | { readonly kind: 'frames' | 'http'; readonly hex: string };

export interface CallInput {
  readonly kind: 'call';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly hex: string;
  /** Whether the client ends its side; otherwise it goes away in the middle. */
  readonly ends: boolean;
  /** The answer may never end. */
  readonly endless: boolean;
}

/** The same for the same seed and index, so that one input can be tried again alone. */
export function inputOf(seed: number, index: number): Input {
  const chance = new Chance(randomFrom(Math.imul(seed, 0x9e37_79b1) ^ Math.imul(index + 1, 0x85eb_ca6b)));
  const kind = chance.below(20);
  if (kind === 0) return { kind: 'frames', hex: frameBytes(chance).toString('hex') };
  if (kind <= 5) return { kind: 'http', hex: httpBytes(chance).toString('hex') };
  return callInput(chance);
}

function callInput(chance: Chance): CallInput {
  const target = chance.pick(TARGETS);
  const { bytes, encoding } = body(chance, message(chance, target));
  const first =
    target.first !== undefined && chance.maybe(0.8) ? [framed(0, target.first.length, target.first)] : [];
  return {
    kind: 'call',
    path: chance.maybe(0.03) ? oddPath(chance, target.path) : target.path,
    headers: { ...headers(chance), ...encoding },
    hex: Buffer.concat([...first, bytes]).toString('hex'),
    ends: chance.maybe(0.95),
    endless: target.endless,
  };
}

function framed(flag: number, length: number, bytes: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flag, 0);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, bytes]);
}

interface Body {
  readonly bytes: Buffer;
  readonly encoding?: Readonly<Record<string, string>>;
}

/** Mostly one whole message; else what grpc-js itself has to take or refuse. */
function body(chance: Chance, bytes: Buffer): Body {
  const whole = framed(0, bytes.length, bytes);
  switch (chance.below(20)) {
    case 0:
      return { bytes: framed(chance.below(256), bytes.length, bytes) };
    case 1:
      return compressed(chance, bytes);
    case 2:
      return { bytes: framed(0, chance.pick([bytes.length + 1, 65_537, 2 ** 31, 2 ** 32 - 1]), bytes) };
    case 3:
      return { bytes: framed(0, chance.below(bytes.length + 1), bytes) };
    case 4:
      return { bytes: Buffer.concat([whole, whole]) };
    case 5:
      return { bytes: whole.subarray(0, chance.below(whole.length)) };
    case 6:
      return { bytes: framed(0, 70_000, Buffer.alloc(70_000, chance.below(256))) };
    default:
      return { bytes: whole };
  }
}

function compressed(chance: Chance, bytes: Buffer): Body {
  const name = chance.pick(['gzip', 'deflate', 'br', 'identity', 'nonsense', '']);
  const bomb = chance.maybe(0.1) ? Buffer.alloc(8_000_000) : bytes;
  const packed = chance.pick([gzipSync(bomb), deflateSync(bomb), bytes]);
  const cut = chance.maybe(0.3) ? packed.subarray(0, chance.below(packed.length)) : packed;
  return {
    bytes: framed(chance.pick([0, 1, 1, 1, 3]), cut.length, cut),
    encoding: { 'grpc-encoding': name },
  };
}

const TYPES = [
  'application/grpc',
  'application/grpc+proto',
  'application/grpc;x=y',
  'application/grpc-web',
  'text/html',
  'application/json',
  '',
];
const TIMEOUTS = [
  '0n',
  '1m',
  '99999999H',
  '1',
  'S',
  '-1S',
  '1.5S',
  '123456789S',
  'x'.repeat(500),
  '1s',
  ' 1S',
  '',
];
const PRINTABLE = 'abcXYZ019 !"#$%&/()=?;:,._-~';

function headers(chance: Chance): Record<string, string> {
  const made: Record<string, string> = {
    'content-type': 'application/grpc',
    te: 'trailers',
    'grpc-timeout': '900m',
  };
  if (chance.maybe(0.05)) made['content-type'] = chance.pick(TYPES);
  if (chance.maybe(0.06)) made['grpc-timeout'] = chance.pick(TIMEOUTS);
  if (chance.maybe(0.03)) delete made['te'];
  if (chance.maybe(0.05))
    made['authorization'] = `Bearer ${chance.text(chance.pick([0, 5, 300, 9_000]), PRINTABLE)}`;
  if (chance.maybe(0.05)) made['x-odd-bin'] = chance.text(chance.pick([0, 1, 3, 50]), PRINTABLE);
  if (chance.maybe(0.04))
    made['x-note'] = chance.text(chance.pick([1, 1_000, 15_000, 20_000, 60_000]), PRINTABLE).trim();
  if (chance.maybe(0.02)) {
    for (let count = chance.pick([30, 110, 200]); count > 0; count -= 1)
      made[`x-${count}`] = chance.text(5, 'abc');
  }
  if (chance.maybe(0.02)) made['grpc-status-details-bin'] = chance.text(40, 'abc=/+');
  if (chance.maybe(0.02)) made['x-latin'] = chance.pick(['\u00e4\u00f6', '\u00ff'.repeat(30), '\t\t']);
  return made;
}

function oddPath(chance: Chance, path: string): string {
  return chance.pick([
    `${path}x`,
    path.toLowerCase(),
    '/',
    '/a/b/c',
    '/budgetarbiter.v1.BudgetService/',
    `/${chance.text(chance.pick([5, 300, 10_000]), 'abc%./$')}`,
    '/budgetarbiter.v1.BudgetService/%ff%00',
    '/__proto__/constructor',
  ]);
}
