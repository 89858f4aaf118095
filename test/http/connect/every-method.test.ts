import { fromBinary, toJson } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { descriptors, methodAt } from '../../../src/api/codec/descriptors.js';
import { askBytes, type Harness, startHarness } from '../../grpc/support/harness.js';
import { stopServers } from '../../support/http-server.js';
import { budget, STATS } from '../../support/samples.js';
import { METHODS } from '../../support/valid-requests.js';
import { type ConnectHarness, startConnect } from './support/connect-harness.js';

let grpc: Harness;
let http: ConnectHarness;
beforeAll(async () => {
  const calls = { calls: 4, failedCalls: 1 };
  const rows = [{ key: '2026-11-15', start: 5_000, tokens: 9, presumed: 1, late: 0, ...calls }];
  const usage = { rows, totalTokens: 9, totalCalls: 4, budgetTokens: 12 };
  const answers = { getDistribution: async () => ({ stats: STATS }), listUsage: async () => usage };
  [grpc, http] = await Promise.all([startHarness(answers), startConnect(answers)]);
  for (const { servicePort } of [grpc, http]) servicePort.budgets = [budget()];
});
afterAll(async () => {
  grpc.stop();
  await stopServers();
});

const unary = ['BudgetService', 'BudgetAdminService'].flatMap((name) =>
  (descriptors().getService(`budgetarbiter.v1.${name}`)?.methods ?? [])
    .filter(({ methodKind }) => methodKind === 'unary')
    .map((method) => `/budgetarbiter.v1.${name}/${method.name}`),
);

/** The bytes of a request that the method takes. */
function requestFor(path: string): Buffer {
  const row = Object.values(METHODS).find(({ method }) => method.path === path);
  if (row === undefined) throw new Error(`no valid request for ${path}: add one to valid-requests.ts`);
  const { codec, valid } = row as unknown as {
    codec: { fromPartial(fields: object): unknown; encode(message: unknown): { finish(): Uint8Array } };
    valid: object;
  };
  return Buffer.from(codec.encode(codec.fromPartial(valid)).finish());
}

describe.each(unary)('%s', (path) => {
  const { input, output } = methodAt(path);
  const request = requestFor(path);
  const asJson = toJson(input, fromBinary(input, request)) as object;

  it('answers over HTTP what it answers over gRPC, as JSON and as bytes', async () => {
    const { answer, error } = await askBytes(grpc, path, request);
    expect(error).toBeUndefined();
    const json = await http.post(path, asJson);
    expect(json).toMatchObject({ status: 200, type: 'application/json' });
    expect(json.json).toEqual(toJson(output, fromBinary(output, answer as Buffer)));
    const proto = await http.post(path, request, { 'content-type': 'application/proto' });
    expect(proto).toMatchObject({ status: 200, type: 'application/proto' });
    expect(proto.bytes).toEqual(answer);
    expect(http.servicePort.asked.at(-1)?.request).toEqual(grpc.servicePort.asked.at(-1)?.request);
  });

  it('takes the names of the proto file, too', async () => {
    const named = toJson(input, fromBinary(input, request), { useProtoFieldName: true }) as object;
    expect((await http.post(path, named)).status).toBe(200);
  });

  it('refuses over HTTP what it refuses over gRPC', async () => {
    const field = input.fields[0];
    const wrong = field?.name === 'page_size' ? { pageSize: -1 } : {};
    if (path.endsWith('/GetLease')) return;
    const bytes =
      field?.name === 'page_size' ? Buffer.from('08ffffffffffffffffff01', 'hex') : Buffer.alloc(0);
    const { error } = await askBytes(grpc, path, bytes);
    const { status, json } = await http.post(path, wrong);
    expect(status).toBe(400);
    expect(json).toMatchObject({ code: 'invalid_argument', message: error?.message });
  });
});

it('reads the canonical JSON of durations, times, masks, enums and 64-bit numbers', async () => {
  const { status, json } = await http.post('/budgetarbiter.v1.BudgetAdminService/UpdateBudget', {
    budgetId: 'anthropic',
    policy: { cooldown: '1.5s', mode: 'MODE_OBSERVE', monthlyLimit: '1000000000000', maxConcurrent: 3 },
    updateMask: 'cooldown,mode,monthlyLimit,maxConcurrent',
  });
  expect(status, JSON.stringify(json)).toBe(200);
  expect(http.servicePort.last.request).toMatchObject({
    kind: 'put-policy',
    fields: { cooldownMs: 1_500, mode: 'OBSERVE', monthlyLimit: 1e12, maxConcurrent: 3 },
  });
});

it('reads how much a slot is asked for, and writes what is left', async () => {
  const asks = { expected: { inputTokens: '300', outputTokens: 20 }, atLeastTokens: '100' };
  const body = { budgetId: 'anthropic', aiId: 'guardian', ...asks };
  const { json } = await http.post('/budgetarbiter.v1.BudgetService/AcquireSlot', body);
  expect(json).toMatchObject({ granted: { availableTokens: '500' } });
  expect(http.servicePort.last.request).toMatchObject({
    expected: { input: 300, output: 20 },
    atLeastTokens: 100,
  });
});

it('names a prototype only to refuse it', async () => {
  const body = '{"budgetId":"anthropic","aiId":"guardian","labels":{"__proto__":"x"}}';
  const { json } = await http.post('/budgetarbiter.v1.BudgetService/AcquireSlot', body);
  expect(json).toMatchObject({ message: 'labels["__proto__"]: this key is reserved; use another' });
});
