import { expect, it } from 'vitest';
import { SlotLost } from '../src/errors.js';
import { blameOf } from '../src/slot/way-out.js';

const withCode = (code: string) => Object.assign(new Error(code), { code });
const caused = (error: Error, cause: unknown) => Object.assign(error, { cause });
class APIConnectionTimeoutError extends Error {}

it.each([
  ['refused', 'an answer of the vendor', Object.assign(new Error('no'), { status: 429 })],
  ['refused', 'the AI SDK', Object.assign(new Error('no'), { statusCode: 500 })],
  ['refused', 'the AI SDK, after retries', { lastError: { statusCode: 503 } }],
  ['refused', 'a client like axios', { response: { status: 400 } }],
  ['unreached', 'a refused connection', caused(new TypeError('fetch failed'), withCode('ECONNREFUSED'))],
  [
    'unreached',
    'each of several addresses',
    caused(new Error('x'), new AggregateError([withCode('EHOSTUNREACH')])),
  ],
  ['unreached', 'no such host', withCode('ENOTFOUND')],
  ['unreached', 'a certificate that is not trusted', withCode('DEPTH_ZERO_SELF_SIGNED_CERT')],
  ['broken', 'a reset', caused(new Error('Connection error.'), withCode('ECONNRESET'))],
  ['broken', 'a body that broke', new TypeError('terminated')],
  ['broken', 'a time-out of the SDK', new APIConnectionTimeoutError()],
  ['broken', 'a cancellation', new DOMException('stop', 'AbortError')],
  ['broken', 'an error within a stream', Object.assign(new Error('overloaded'), { status: undefined })],
  ['broken', 'a lost slot', new SlotLost('gone')],
  ['own', 'anything else', new Error('bug')],
  ['own', 'what is no error', 'thrown'],
  ['own', 'nothing', undefined],
] as const)('%s: %s', (blame, _, error) => {
  expect(blameOf(error)).toBe(blame);
});
