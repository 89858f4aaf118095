import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { describe, expect, it } from 'vitest';
import { encoded, encodedFrames, RequestReader } from '../../../../src/api/codec/wire.js';
import {
  RecordUsageRequest,
  RecordUsageResponse,
} from '../../../../src/gen/budgetarbiter/v1/budget_service.js';

const AROUND = [0, 7, 14, 21, 28, 31, 32, 35, 40, 52].flatMap((bits) => [
  2 ** bits - 1,
  2 ** bits,
  2 ** bits + 1,
]);
const AMOUNTS = [...new Set([...AROUND, 200, 1_260, 10 ** 12, Number.MAX_SAFE_INTEGER])];

describe('RequestReader', () => {
  it.each([...AMOUNTS, ...AMOUNTS.map((amount) => -amount)])(
    'reads the int64 %d as the library does',
    (amount) => {
      const bytes = new BinaryWriter().int64(amount).int64(7).finish();
      const own = new RequestReader(Buffer.from(bytes));
      const library = new BinaryReader(bytes);
      for (let count = 0; count < 2; count += 1) {
        expect(String(own.int64())).toBe(String(library.int64()));
        expect(own.pos).toBe(library.pos);
      }
    },
  );

  it('reads a number that is written longer than it need be', () => {
    expect(String(new RequestReader(Buffer.of(0x81, 0x80, 0x00)).int64())).toBe('1');
    expect(String(new RequestReader(Buffer.of(0x81, 0x80, 0x80, 0x80, 0x00)).int64())).toBe('1');
  });

  it.each([[[]], [[0x81]], [[0x81, 0x81]], [[0x81, 0x81, 0x81]]])(
    'refuses bytes that end too early: %j',
    (bytes) => {
      expect(() => new RequestReader(Buffer.from(bytes)).int64()).toThrow();
    },
  );

  it.each(['', 'a', 'grüße 🎉', 'x'.repeat(200), '\ufeffa', '\ufffd'])(
    'reads the text %j as the library does',
    (text) => {
      const bytes = Buffer.from(new BinaryWriter().string(text).string('next').finish());
      const own = new RequestReader(bytes);
      expect([own.string(), own.string()]).toEqual([text, 'next']);
      expect(own.pos).toBe(bytes.length);
    },
  );

  it.each([
    ['is no UTF-8', [2, 0xc3, 0x28]],
    ['ends behind its message', [3, 0x61, 0x62]],
    ['has no length', [0x80]],
  ])('refuses a text that %s', (_what, bytes) => {
    expect(() => new RequestReader(Buffer.from(bytes)).string()).toThrow();
  });

  it('tells of a text that is no key of an object', () => {
    const reader = new RequestReader(
      Buffer.from(new BinaryWriter().string('a__proto__').string('__proto__').finish()),
    );
    reader.string();
    expect(reader.metPrototypeKey).toBe(false);
    reader.string();
    expect(reader.metPrototypeKey).toBe(true);
  });
});

describe('encoded', () => {
  const answer = (chargedTokens: number) =>
    RecordUsageResponse.fromPartial({ chargedTokens, lease: { leaseId: 'ä:1', labels: { a: 'b' } } });

  it.each(AMOUNTS)('writes the amount %d as the library does', (amount) => {
    const message = answer(amount);
    expect(encoded(RecordUsageResponse, message)).toEqual(
      Buffer.from(RecordUsageResponse.encode(message).finish()),
    );
  });

  it('gives each answer bytes of its own', () => {
    const first = encoded(RecordUsageResponse, answer(1));
    const copy = Buffer.from(first);
    encoded(RecordUsageResponse, answer(2));
    expect(first).toEqual(copy);
  });

  it('forgets what it had of a message that cannot be written', () => {
    const broken = {
      ...answer(5),
      lease: { ...answer(5).lease, state: 0.5 },
    } as unknown as RecordUsageResponse;
    expect(() => encoded(RecordUsageResponse, broken)).toThrow();
    const message = answer(6);
    expect(encoded(RecordUsageResponse, message)).toEqual(
      Buffer.from(RecordUsageResponse.encode(message).finish()),
    );
  });

  it('writes an answer that is longer than the memory it keeps', () => {
    const message = RecordUsageRequest.fromPartial({ usage: { errorMessage: 'x'.repeat(200_000) } });
    expect(RecordUsageRequest.decode(encoded(RecordUsageRequest, message)).usage?.errorMessage).toHaveLength(
      200_000,
    );
  });
});

describe('encodedFrames', () => {
  const answer = (chargedTokens: number, requestId = 'r') =>
    RecordUsageResponse.fromPartial({ chargedTokens, lease: { requestId } });
  const framed = (message: RecordUsageResponse) => {
    const bytes = RecordUsageResponse.encode(message).finish();
    const header = Buffer.alloc(5);
    header.writeUInt32BE(bytes.length, 1);
    return Buffer.concat([header, bytes]);
  };
  const never = () => {
    throw new Error('all of them can be written');
  };

  it('writes each message behind its length', () => {
    const messages = [
      answer(1),
      answer(0, 'x'.repeat(70_000)),
      RecordUsageResponse.fromPartial({}),
      answer(4),
    ];
    expect(encodedFrames(RecordUsageResponse, messages, never)).toEqual(Buffer.concat(messages.map(framed)));
  });

  it('writes another in place of one that cannot be written, and the others as they are', () => {
    const broken = {
      ...answer(2),
      lease: { ...answer(2).lease, state: 0.5 },
    } as unknown as RecordUsageResponse;
    const told: unknown[] = [];
    const frames = encodedFrames(RecordUsageResponse, [answer(1), broken, answer(3)], (message, error) => {
      told.push(message, error);
      return answer(7);
    });
    expect(frames).toEqual(Buffer.concat([answer(1), answer(7), answer(3)].map(framed)));
    expect(told).toEqual([broken, expect.any(Error)]);
  });
});
