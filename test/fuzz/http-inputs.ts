import type { Chance } from '../support/chance.js';
import { connectRequest } from './connect-inputs.js';

const PATHS = [
  '/healthz',
  '/readyz',
  '/metrics',
  '/',
  '/api/token-usage/distribution',
  '/api/token-usage/distribution?budget_id=anthropic',
  '/api/token-usage/distribution?budget_id=anthropic&month=2026-11',
  '/api/token-usage/distribution?budget_id=anthropic&day=2026-11-31',
  '/api/token-usage/distribution?budget_id=__proto__&month=9999-99',
];
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'OPTIONS', 'TRACE', 'CONNECT', 'get', 'PRI'];

/** What a socket says to the HTTP side: requests, nearly requests, and noise. */
export function httpBytes(chance: Chance): Buffer {
  if (chance.maybe(0.1)) return chance.bytes(chance.below(500));
  const make = chance.maybe(0.6) ? connectRequest : request;
  const requests = Array.from({ length: chance.pick([1, 1, 1, 3, 30]) }, () => make(chance));
  const bytes = Buffer.concat(requests);
  return chance.maybe(0.3) ? noisy(chance, bytes) : bytes;
}

function request(chance: Chance): Buffer {
  const path = chance.maybe(0.8) ? chance.pick(PATHS) : oddTarget(chance);
  const version = chance.maybe(0.95) ? 'HTTP/1.1' : chance.pick(['HTTP/1.0', 'HTTP/2.0', 'HTTP/9', '']);
  const lines = [`${chance.maybe(0.7) ? 'GET' : chance.pick(METHODS)} ${path} ${version}`];
  if (chance.maybe(0.95)) lines.push(chance.maybe(0.9) ? 'Host: localhost' : 'Host: x');
  for (let count = chance.pick([0, 0, 1, 3, 90]); count > 0; count -= 1) lines.push(header(chance));
  const end = chance.maybe(0.95) ? '\r\n' : chance.pick(['\n', '\r', '\r\n\0']);
  const body = chance.maybe(0.2) ? chance.bytes(chance.below(50)) : Buffer.alloc(0);
  return Buffer.concat([Buffer.from(lines.join(end) + end + end, 'latin1'), body]);
}

function oddTarget(chance: Chance): string {
  const query = chance.text(chance.pick([3, 50, 7_000, 20_000]), 'ab=&%?#+/.[]"\u00e4');
  return chance.pick([
    `/api/token-usage/distribution?${query}`,
    `//${query}`,
    '*',
    'http://[::1',
    '/%00/..',
    '/healthz?x',
    query,
  ]);
}

function header(chance: Chance): string {
  return chance.pick([
    'Content-Length: 5',
    'Content-Length: -1',
    'Transfer-Encoding: chunked',
    'Transfer-Encoding: gzip, nonsense',
    'Connection: keep-alive, Upgrade',
    'Upgrade: h2c',
    'Upgrade: websocket',
    'Expect: 100-continue',
    'Expect: the-worst',
    `Authorization: Bearer ${chance.text(chance.below(300), 'abc.=')}`,
    `X-Long: ${'x'.repeat(chance.pick([10, 1_000, 9_000]))}`,
    ` Folded: ${chance.below(9)}`,
    'No colon here',
    `X-\u00fc: \u0001`,
  ]);
}

function noisy(chance: Chance, bytes: Buffer): Buffer {
  const at = chance.below(bytes.length);
  const rest = chance.pick([
    bytes.subarray(at + 1),
    Buffer.concat([chance.bytes(4), bytes.subarray(at)]),
    Buffer.alloc(0),
  ]);
  return Buffer.concat([bytes.subarray(0, at), rest]);
}
