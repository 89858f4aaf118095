import fc from 'fast-check';
import {
  MongoNetworkError,
  MongoNetworkTimeoutError,
  MongoServerError,
  MongoServerSelectionError,
  MongoWriteConcernError,
} from 'mongodb';
import { describe, expect, it } from 'vitest';
import { fieldName, keyOf } from '../../src/store/mongo/documents.js';
import { newClient } from '../../src/store/mongo/mongo-client.js';
import { readError, writeError } from '../../src/store/mongo/mongo-errors.js';
import { probeCompareAndSwap } from '../../src/store/mongo/probe.js';
import { StoreStartError } from '../../src/store/store.js';
import { NASTY_NAMES } from './samples.js';

it.each([
  ['', 10],
  ['?w=1', 10],
  ['?maxPoolSize=40', 40],
  ['?w=1&maxpoolsize=3', 3],
])('a client to mongodb://db/%s has at most %d connections to a server', (query, most) => {
  expect(newClient(`mongodb://db/${query}`, undefined).options.maxPoolSize).toBe(most);
});

describe('field names', () => {
  it.each([
    ['gpt-4.1', '_gpt-4%2E1'],
    ['$x', '_%24x'],
    ['__proto__', '___proto__'],
    ['', '_'],
    ['a b', '_a b'],
    ['%2e', '_%252e'],
    ['é\u0000', '_%C3%A9%00'],
  ])('write %j as %j', (key, field) => {
    expect(fieldName(key)).toBe(field);
    expect(keyOf(field)).toBe(key);
  });

  it('come back, and hold nothing that a server minds', () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: 'binary' }),
      fc.constantFrom(...NASTY_NAMES),
    );
    fc.assert(
      fc.property(text, (key) => {
        expect(keyOf(fieldName(key))).toBe(key);
        expect(fieldName(key)).toMatch(/^_[\x20-\x7e]*$/);
        expect(fieldName(key)).not.toMatch(/[.$]/);
      }),
    );
  });

  it('refuse what is no text', () => {
    expect(() => fieldName('\ud800')).toThrow(expect.objectContaining({ failure: 'refused' }));
  });
});

describe('a failed write is', () => {
  const server = (code: number) => new MongoServerError({ message: 'm', code });
  it.each([
    ['unavailable', 'no server was found', new MongoServerSelectionError('m', {} as never)],
    ['unknown', 'the connection was lost', new MongoNetworkError('m')],
    ['unknown', 'nobody answered', new MongoNetworkTimeoutError('m')],
    ['unknown', 'the time was over (50)', server(50)],
    ['unknown', 'the server says InternalError (1)', server(1)],
    ['unknown', 'the server says something new', server(99_999)],
    ['unavailable', 'the server is no primary', server(10_107)],
    ['unavailable', 'this user may not', server(13)],
    ['refused', 'the document is not valid', server(121)],
    ['refused', 'the document is too large', server(17_419)],
    ['refused', 'the driver cannot encode it', new RangeError('m')],
    [
      'unknown',
      'the write concern failed, whatever its code',
      new MongoWriteConcernError({ ok: 1, writeConcernError: { code: 121, errmsg: 'm' } }),
    ],
    ['unknown', 'nobody knows', new Error('m')],
  ])('%s when %s', (failure, _, error) => {
    expect(writeError(error)).toMatchObject({ name: 'StoreError', failure, cause: error });
  });

  it('never more than unavailable when it is a read', () => {
    expect(readError(server(50))).toMatchObject({ failure: 'unavailable' });
  });

  it('told without a password', () => {
    const error = new MongoNetworkError('cannot reach mongodb://me:s3cret@host/');
    expect(writeError(error).message).not.toContain('s3cret');
  });
});

describe('the start-up probe', () => {
  /** A server whose findAndModify reads, waits for others, and then writes. */
  const inTwoSteps = async (version: number): Promise<readonly [boolean, boolean]> => {
    const document = { version };
    const swap = async () => {
      const matches = document.version === version;
      await Promise.resolve();
      if (matches) document.version = version + 1;
      return matches;
    };
    return Promise.all([swap(), swap()]);
  };

  it('refuses a server where two racers win', async () => {
    await expect(probeCompareAndSwap(inTwoSteps)).rejects.toBeInstanceOf(StoreStartError);
    await expect(probeCompareAndSwap(inTwoSteps)).rejects.toThrow(
      'not atomic: of 2 racers in round 1, 2 won',
    );
  });

  it('refuses one that fails in a single round, and one where nobody wins', async () => {
    const once = probeCompareAndSwap(async (version) => [true, version === 20]);
    await expect(once).rejects.toThrow('round 20, 2 won');
    await expect(probeCompareAndSwap(async () => [false, false])).rejects.toThrow('round 1, 0 won');
  });

  it('lets a server pass where one racer wins each of 20 rounds', async () => {
    let rounds = 0;
    await probeCompareAndSwap(async (version) => {
      rounds += 1;
      return version % 2 ? [true, false] : [false, true];
    });
    expect(rounds).toBe(20);
  });
});
