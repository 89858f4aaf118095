import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BudgetAdminServiceService } from '../../src/gen/budgetarbiter/v1/budget_admin_service.js';
import { AcquireSlotRequest, BudgetServiceService } from '../../src/gen/budgetarbiter/v1/budget_service.js';
import { randomBytes } from '../support/random-bytes.js';
import { randomFrom } from '../support/seed.js';
import { askBytes, type Failed, type Harness, startHarness } from './support/harness.js';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.stop());

const ACQUIRE = BudgetServiceService.acquireSlot.path;
const RECORD = BudgetServiceService.recordUsage.path;
const PUT = BudgetAdminServiceService.updateBudget.path;
const HEALTH = '/grpc.health.v1.Health/Check';
const UNARY = [...Object.values(BudgetServiceService), ...Object.values(BudgetAdminServiceService)]
  .filter((method) => !method.responseStream)
  .map(({ path }) => path);

async function refusal(path: string, bytes: Uint8Array): Promise<Failed> {
  const { error } = await askBytes(harness, path, bytes);
  if (error === undefined) throw new Error('the bytes were accepted');
  return error;
}

/** A legal AcquireSlotRequest, and what a test appends to it. */
function acquireWith(append: (writer: BinaryWriter) => void): Uint8Array {
  const message = AcquireSlotRequest.fromPartial({ budgetId: 'anthropic', aiId: 'guardian' });
  const writer = AcquireSlotRequest.encode(message);
  append(writer);
  return writer.finish();
}

describe('bytes that are no message', () => {
  const valid = acquireWith(() => {});
  it.each<[string, Uint8Array]>([
    ['a broken varint', Uint8Array.of(0xff, 0xff, 0xff)],
    ['a length beyond the end', Uint8Array.of(0x0a, 0x7f, 0x61)],
    ['a truncated message', valid.subarray(0, valid.length - 3)],
    ['a zero tag at the end', Uint8Array.of(...valid, 0)],
    ['a zero tag within', Uint8Array.of(0, ...valid)],
    ['the end of a group that never began', Uint8Array.of(0x0c, ...valid)],
    ['a wire type that does not exist', Uint8Array.of(...valid, 0x0f, 0x01)],
    ['text that is not UTF-8', acquireWith((w) => w.tag(7, 2).bytes(Uint8Array.of(0x12, 0x01, 0xff)))],
    ['an id that is not UTF-8', acquireWith((w) => w.tag(3, 2).bytes(Uint8Array.of(0xc3, 0x28)))],
  ])('%s', async (_what, bytes) => {
    const error = await refusal(ACQUIRE, bytes);
    expect(error).toMatchObject({ code: status.INVALID_ARGUMENT, reason: 'MALFORMED_MESSAGE' });
    expect(error.message).toContain('not a budgetarbiter.v1.AcquireSlotRequest');
  });

  it('are INVALID_ARGUMENT for health checks, too', async () => {
    const error = await refusal(HEALTH, Uint8Array.of(0x0a, 0x7f));
    expect(error).toMatchObject({ code: status.INVALID_ARGUMENT, reason: 'MALFORMED_MESSAGE' });
  });
});

describe('numbers that JavaScript cannot hold', () => {
  const huge = 2n ** 63n - 1n;
  const usage = (append: (writer: BinaryWriter) => void): Uint8Array => {
    const writer = new BinaryWriter();
    writer.uint32(10).string('anthropic:1:7:abc');
    append(writer.uint32(26).fork().uint32(10).string('u').uint32(18).fork());
    return writer.join().join().finish();
  };

  it.each<[string, string, Uint8Array, RegExp]>([
    [ACQUIRE, 'estimated_tokens', acquireWith((w) => w.uint32(32).int64(huge)), /it is 9223372036854775807/],
    [ACQUIRE, 'estimated_tokens', acquireWith((w) => w.uint32(32).int64(-(2n ** 63n))), /it is -9223/],
    [
      ACQUIRE,
      'estimated_tokens',
      acquireWith((w) => w.uint32(32).int64(2n ** 53n)),
      /it is 9007199254740992/,
    ],
    [ACQUIRE, 'wait', acquireWith((w) => w.uint32(50).fork().uint32(8).int64(huge).join()), /duration/],
    [RECORD, 'usage.tokens.input_tokens', usage((w) => w.uint32(8).int64(huge)), /0 to 1,000,000,000,000/],
    [RECORD, 'usage.tokens.total_tokens', usage((w) => w.uint32(48).int64(-huge)), /0 to 1,000,000,000,000/],
    [
      PUT,
      'policy.monthly_limit',
      new BinaryWriter().uint32(18).fork().uint32(8).int64(huge).join().finish(),
      /0 to 1,000,000,000,000/,
    ],
    [
      PUT,
      'policy.cooldown',
      new BinaryWriter().uint32(18).fork().uint32(98).fork().uint32(8).int64(huge).join().join().finish(),
      /duration/,
    ],
    [
      BudgetAdminServiceService.adjustUsage.path,
      'tokens',
      new BinaryWriter().uint32(24).int64(-huge).finish(),
      /-1,000,000,000,000 to 1,000,000,000,000/,
    ],
  ])('%s names %s', async (path, field, bytes, limits) => {
    const error = await refusal(path, bytes);
    expect(error).toMatchObject({ code: status.INVALID_ARGUMENT, reason: 'INVALID_FIELD' });
    expect(error.violations).toEqual([{ field, description: expect.stringMatching(limits) }]);
  });
});

describe('odd bytes that are messages', () => {
  const entry = (key: string, value: Uint8Array | string): Uint8Array => {
    const writer = new BinaryWriter().uint32(10).string(key);
    return (
      typeof value === 'string' ? writer.uint32(18).string(value) : writer.uint32(18).bytes(value)
    ).finish();
  };

  it('refuses a map key that would vanish', async () => {
    const label = acquireWith((w) => w.tag(7, WireType.LengthDelimited).bytes(entry('__proto__', 'x')));
    expect((await refusal(ACQUIRE, label)).violations[0]?.field).toBe('labels["__proto__"]');
    const byModel = new BinaryWriter()
      .tag(23, WireType.LengthDelimited)
      .bytes(entry('__proto__', new Uint8Array()));
    const put = new BinaryWriter().uint32(10).string('a').uint32(18).bytes(byModel.finish()).finish();
    expect((await refusal(PUT, put)).violations[0]?.field).toBe('policy.token_weights_by_model["__proto__"]');
  });

  it('takes an AI of that name, an unknown field, and an explicit zero at the end', async () => {
    const named = AcquireSlotRequest.fromPartial({
      budgetId: 'a',
      aiId: '__proto__',
      requestId: 'constructor',
    });
    const bytes = AcquireSlotRequest.encode(named)
      .uint32(8_002)
      .string('later')
      .uint32(8_008)
      .uint32(0)
      .finish();
    expect((await askBytes(harness, ACQUIRE, bytes)).error).toBeUndefined();
    expect(harness.servicePort.last.request).toMatchObject({ aiId: '__proto__', requestId: 'constructor' });
  });

  it('keeps a character that stands for undecodable text, where the caller sent it', async () => {
    const labels = { note: 'a\ufffdb' };
    const message = AcquireSlotRequest.fromPartial({ budgetId: 'a', aiId: 'b', labels });
    const bytes = AcquireSlotRequest.encode(message).finish();
    expect((await askBytes(harness, ACQUIRE, bytes)).error).toBeUndefined();
    expect(harness.servicePort.last.request).toMatchObject({ labels });
  });

  it('bounds the size of a message', async () => {
    const error = await refusal(
      ACQUIRE,
      acquireWith((w) => w.tag(99, 2).bytes(new Uint8Array(300_000))),
    );
    expect(error.code).toBe(status.RESOURCE_EXHAUSTED);
  });
});

it('answers any bytes with a proper status', async () => {
  const seed = Number(process.env['SEED'] ?? 20_261_115);
  const random = randomFrom(seed);
  const acceptable = new Set([undefined, status.INVALID_ARGUMENT, status.NOT_FOUND]);
  for (let round = 0; round < 40; round++) {
    const calls = [...UNARY, HEALTH].map(async (path) => {
      const bytes = randomBytes(random);
      const { error } = await askBytes(harness, path, bytes);
      const input = `seed ${seed}, ${path}, ${Buffer.from(bytes).toString('hex')}`;
      expect(acceptable, `${input}: ${error?.message}`).toContain(error?.code);
    });
    await Promise.all(calls);
  }
  expect(harness.logged.filter(({ level }) => level === 'error')).toEqual([]);
});
