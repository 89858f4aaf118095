import { create, toBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { methodAt } from '../../src/api/codec/descriptors.js';
import { ArbiterError } from '../../src/arbiter/service-port.js';
import type { Refusal } from '../../src/domain/model/outcomes.js';
import { askBytes, type Harness, startHarness } from '../grpc/support/harness.js';
import { stopServers } from '../support/http-server.js';
import { closedLease, LEASE_ID } from '../support/samples.js';
import { ADMIN, ask, PAUSE, posted, startDashboard } from './dashboard/support.js';

let grpc: Harness;
let http: Awaited<ReturnType<typeof startDashboard>>;
beforeAll(async () => {
  [grpc, http] = await Promise.all([startHarness(), startDashboard()]);
});
afterAll(async () => {
  grpc.stop();
  await stopServers();
});

/** What a caller is told, whichever mouth says it. */
interface Said {
  readonly message: string | undefined;
  readonly reason: unknown;
  readonly violations: unknown;
}

async function overGrpc(path: string, request: Record<string, unknown>): Promise<Said> {
  const { input } = methodAt(path);
  const bytes = Buffer.from(toBinary(input, create(input, request)));
  const { error } = await askBytes(grpc, path, bytes);
  return { message: error?.message, reason: error?.reason, violations: error?.violations ?? [] };
}

function inConnect({ body }: Awaited<ReturnType<typeof ask>>): Said {
  const debug = (type: string) => body.details?.find((detail) => detail.type.endsWith(type))?.debug ?? {};
  const { fieldViolations: violations = [] } = debug('BadRequest');
  return { message: body.message, reason: debug('ErrorInfo')['reason'], violations };
}

async function overConnect(path: string, request: Record<string, unknown>): Promise<Said> {
  return inConnect(await ask(http.url + path, posted(request, { origin: http.url })));
}

const REFUSALS: readonly Refusal[] = [
  { reason: 'BUDGET_NOT_FOUND', budgetId: 'anthropic' },
  { reason: 'BUDGET_EXISTS', budgetId: 'anthropic' },
  { reason: 'LEASE_NOT_FOUND', leaseId: LEASE_ID },
  { reason: 'LEASE_CLOSED', lease: closedLease() },
  { reason: 'SESSION_TAKEN_UP' },
  { reason: 'ID_REUSED', field: 'request_id', id: 'r' },
  { reason: 'REPORT_TOO_LARGE', charge: 9, limit: 8, unit: 'tokens' },
  { reason: 'AMOUNT_OVERFLOW', field: 'tokens' },
  { reason: 'ETAG_MISMATCH', current: '8' },
  { reason: 'LEASES_LIVE', count: 2 },
  { reason: 'BELOW_ZERO', available: 5, of: '2026-11-01', unit: 'tokens' },
  { reason: 'UNIT_IN_USE', unit: 'tokens', asked: 'USD', month: '2026-11' },
  {
    reason: 'INVALID_FIELD',
    violations: [
      { field: 'a', description: 'is wrong' },
      { field: 'b', description: 'is wrong, too' },
    ],
  },
  { reason: 'UNWORKABLE_POLICY', violations: [{ field: 'policy.min_estimate', description: 'is high' }] },
  { reason: 'STATE_FULL', bytes: 12_582_913 },
  { reason: 'OUTBOX_FULL' },
  { reason: 'CLOCK_NOT_TRUSTED', detail: 'it is 7 s ahead' },
];
const FAILURES = (['QUEUE_FULL', 'STORE_UNAVAILABLE', 'STORE_REFUSED', 'SHUTTING_DOWN'] as const).map(
  (failure) => new ArbiterError(failure, `in words: ${failure}`, 1_500),
);

async function everybodySays(): Promise<void> {
  const request = { budgetId: 'anthropic' };
  const said = await overGrpc(`${ADMIN}/GetBudget`, request);
  expect(said.message).not.toBe('');
  expect(await overConnect(`${ADMIN}/GetBudget`, request)).toEqual(said);
  expect(inConnect(await ask(`${http.url}/dashboard/month?budget_id=anthropic`))).toEqual(said);
  const { body } = await ask(`${http.url}/api/v1/budgets/anthropic`);
  expect(body['error']).toMatchObject({ message: said.message, code: said.reason ?? 'INTERNAL' });
}

describe('one refusal has one envelope, over gRPC, HTTP, in pages and in the dashboard', () => {
  it.each(REFUSALS)('$reason', async (refusal) => {
    for (const { servicePort } of [grpc, http]) servicePort.refuse(refusal);
    await everybodySays();
  });

  it.each(FAILURES)('$failure', async (failure) => {
    for (const { servicePort } of [grpc, http]) servicePort.fail(failure);
    await everybodySays();
  });

  it('a fault of our own, of which nothing is told but its id in the log', async () => {
    for (const { servicePort } of [grpc, http]) servicePort.fail(new Error('secret detail'));
    await everybodySays();
  });
});

describe('a reason for a pause', () => {
  it.each([
    [
      'é'.repeat(200),
      /^reason: must be at most 256 bytes of UTF-8 without control characters; it has 400 bytes$/,
    ],
    ['é'.repeat(128), undefined],
    ['a'.repeat(256), undefined],
    ['a'.repeat(257), /at most 256 bytes/],
    ['a\nb', /without control characters/],
    ['', undefined],
  ])('%j is judged alike by all', async (reason, message) => {
    for (const { servicePort } of [grpc, http]) servicePort.answer = undefined;
    const request = { budgetId: 'anthropic', reason };
    const said = await overGrpc(PAUSE, request);
    if (message === undefined) expect(said.message).toBeUndefined();
    else expect(said.message).toMatch(message);
    expect(await overConnect(PAUSE, request)).toEqual(said);
  });
});
