import { BinaryWriter } from '@bufbuild/protobuf/wire';
import * as admin from '../../src/gen/budgetarbiter/v1/budget_admin_service.js';
import { BudgetServiceService, SessionRequest } from '../../src/gen/budgetarbiter/v1/budget_service.js';
import { HealthCheckRequest } from '../../src/gen/grpc/health/v1/health.js';
import { ServerReflectionRequest } from '../../src/gen/grpc/reflection/v1/reflection.js';
import type { Chance } from '../support/chance.js';
import { randomBytes } from '../support/random-bytes.js';
import { METHODS } from '../support/valid-requests.js';

/** The budget that inputs are about; the good client's is another. */
export const FUZZED = 'anthropic';

export interface Target {
  readonly path: string;
  /** Answers until its client goes. */
  readonly endless: boolean;
  readonly samples: readonly Uint8Array[];
  /** The message that must come first, so that the others are read. */
  readonly first?: Uint8Array;
}

interface Codec {
  encode(message: never): BinaryWriter;
  fromPartial(message: never): unknown;
}

function sample(codec: unknown, fields: object): Uint8Array {
  const { encode, fromPartial } = codec as Codec;
  return encode(fromPartial(fields as never) as never).finish();
}

const RICH = {
  requestId: 'request-1',
  estimatedTokens: 100,
  leaseTtl: { seconds: 30, nanos: 0 },
  wait: { seconds: 0, nanos: 50_000_000 },
  labels: { team: 'blue', note: 'ä' },
};
const POLICY = {
  monthlyLimit: 1_000_000,
  maxDailyPercentByAi: { guardian: 50, imperium: 12.5 },
  tokenWeightsByModel: { 'gpt-4.1': { inputPercent: 50 }, o3: { outputPercent: 400 } },
  cooldown: { seconds: 0, nanos: 0 },
  maxConcurrent: 10,
  maxConcurrentPerAi: 10,
  timeZone: 'Europe/Berlin',
  fallbackBudgetIds: ['openai'],
};
const USAGE = {
  usageId: 'u-1',
  tokens: { inputTokens: 5, outputTokens: 7 },
  model: 'gpt-4.1',
  requestType: 'chat',
  failed: true,
  calls: 3,
};
const UNLEASED = { $case: 'unleased', value: { budgetId: FUZZED, aiId: 'guardian' } };
const MORE: Readonly<Record<string, readonly object[]>> = {
  acquire: [RICH, { ...RICH, requestId: undefined }],
  record: [{ subject: UNLEASED, usage: USAGE }],
  release: [{ usage: USAGE }],
  put: [
    { policy: POLICY },
    { policy: POLICY, updateMask: ['cooldown', 'token_weights.input_percent'], etag: '3' },
  ],
  adjust: [{ adjustmentId: 'b', tokens: 50, day: '2026-11-15', aiId: 'guardian', model: 'o3' }],
};

/** The methods of both services that answer once. */
export const OWN: readonly Target[] = Object.entries(METHODS).map(([name, { method, codec, valid }]) => ({
  path: method.path,
  endless: false,
  samples: [sample(codec, valid), ...(MORE[name] ?? []).map((more) => sample(codec, { ...valid, ...more }))],
}));
const inSession = (name: 'acquire' | 'renew' | 'record' | 'release') => {
  const { valid } = METHODS[name];
  return [valid, ...(MORE[name] ?? []).map((more) => ({ ...valid, ...more }))].map((fields) =>
    sample(SessionRequest, { tag: 7, call: { $case: name, value: fields } }),
  );
};
const OPEN = sample(SessionRequest, {
  call: { $case: 'open', value: { budgetId: FUZZED, aiId: 'guardian', otherBudgetIds: [] } },
});
const SESSION: Target = {
  path: BudgetServiceService.session.path,
  endless: false,
  samples: [OPEN, ...(['acquire', 'renew', 'record', 'release'] as const).flatMap(inSession)],
  first: OPEN,
};
const WATCH = admin.BudgetAdminServiceService.watchBudget.path;
const QUESTIONS = [
  { messageRequest: { $case: 'listServices', value: '' } },
  { messageRequest: { $case: 'fileContainingSymbol', value: 'budgetarbiter.v1.Lease' } },
  { messageRequest: { $case: 'fileByFilename', value: 'budgetarbiter/v1/budget.proto' } },
].map((question) => sample(ServerReflectionRequest, question));

/** Every method of the server. */
export const TARGETS: readonly Target[] = [
  ...OWN,
  SESSION,
  { path: WATCH, endless: true, samples: [sample(admin.WatchBudgetRequest, { budgetId: FUZZED })] },
  ...['Check', 'List', 'Watch'].map((name) => ({
    path: `/grpc.health.v1.Health/${name}`,
    endless: name === 'Watch',
    samples: [sample(HealthCheckRequest, { service: 'budgetarbiter.v1.BudgetService' })],
  })),
  ...['v1', 'v1alpha'].map((version) => ({
    path: `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
    endless: true,
    samples: QUESTIONS,
  })),
];

/** A message that is wrong somehow; sometimes one that is right. */
export function message(chance: Chance, { samples }: Target): Buffer {
  const valid = Buffer.from(chance.pick(samples));
  switch (chance.below(8)) {
    case 0:
      return valid;
    case 1:
      return Buffer.from(randomBytes(chance.random));
    case 2:
      return chance.bytes(chance.below(200));
    case 3:
      return Buffer.concat([valid, unknownFields(chance)]);
    case 4:
      return Buffer.concat([valid, deep(chance)]);
    case 5:
      return Buffer.concat([valid, Buffer.from(chance.pick(samples))]);
    default:
      return mutated(chance, valid);
  }
}

function mutated(chance: Chance, valid: Buffer): Buffer {
  let bytes = valid;
  for (let change = chance.below(4); change >= 0; change -= 1) {
    const at = chance.below(bytes.length + 1);
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
    const count = 1 + chance.below(6);
    const parts = [
      [before, Buffer.from([(after[0] ?? 0) ^ (1 << chance.below(8))]), after.subarray(1)],
      [before, after.subarray(count)],
      [before, chance.bytes(count), after],
      [before, after.subarray(0, count), after],
      [before],
      [before, Buffer.alloc(chance.below(300), chance.pick([0, 0x7f, 0x80, 0xff])), after],
    ];
    bytes = Buffer.concat(chance.pick(parts));
  }
  return bytes;
}

function unknownFields(chance: Chance): Uint8Array {
  const writer = new BinaryWriter();
  for (let count = chance.below(20); count >= 0; count -= 1) {
    const number = chance.pick([1, 7, 99, 1_000, 536_870_911]);
    if (chance.maybe(0.5)) writer.tag(number, 2).bytes(chance.bytes(chance.below(100)));
    else writer.tag(number, 0).uint64(chance.pick([0n, 1n, 2n ** 63n, 2n ** 64n - 1n]));
  }
  return writer.finish();
}

/** Messages or groups within each other, as deep as a message holds; or maps with very many keys. */
function deep(chance: Chance): Buffer {
  const number = 1 + chance.below(30);
  const depth = chance.pick([3, 40, 1_000, 10_000]);
  if (chance.maybe(0.4)) {
    const ends = chance.maybe(0.5) ? Buffer.alloc(depth, (1 << 3) | 4) : Buffer.alloc(0);
    return Buffer.concat([Buffer.alloc(depth, (1 << 3) | 3), ends]);
  }
  if (chance.maybe(0.3)) return manyKeys(chance, number);
  let bytes: Buffer = Buffer.alloc(0);
  for (let level = 0; level < Math.min(depth, 1_500); level += 1) {
    bytes = Buffer.from(new BinaryWriter().tag(number, 2).bytes(bytes).finish());
  }
  return bytes;
}

function manyKeys(chance: Chance, number: number): Buffer {
  const writer = new BinaryWriter();
  for (let count = chance.pick([10, 300, 3_000]); count > 0; count -= 1) {
    const key = chance.pick(['__proto__', 'constructor', `k${count}`, '\ud7ff', 'a.b$%']);
    writer.tag(number, 2).fork().uint32(10).string(key).uint32(18).string('x').join();
  }
  return Buffer.from(writer.finish()).subarray(0, 60_000);
}
