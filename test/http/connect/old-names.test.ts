import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askBytes, type Harness, startHarness } from '../../grpc/support/harness.js';
import { stopServers } from '../../support/http-server.js';
import { ADMIN, BUDGETS, type ConnectHarness, startConnect } from './support/connect-harness.js';

/** What the API was called before anything was released answers nothing: CHANGELOG, "before" and "now". */

let http: ConnectHarness;
let grpc: Harness;
beforeAll(async () => {
  [http, grpc] = await Promise.all([startConnect(), startHarness()]);
});
afterAll(() => Promise.all([stopServers(), grpc.stop()]));

describe.each([
  ...[
    'AcquireSlot',
    'RenewSlot',
    'RecordUsage',
    'Release',
    'GetLease',
    'GetAvailability',
    'GetDistribution',
  ].map((method) => `/budget.v1.BudgetService/${method}`),
  ...['PutBudget', 'CreateBudget', 'GetBudget', 'ListBudgets', 'PauseBudget', 'WatchBudget'].map(
    (method) => `/budget.v1.BudgetAdminService/${method}`,
  ),
  '/budget.v1.BudgetService/Session',
  `${ADMIN}/PutBudget`,
])('%s', (path) => {
  it('is no method over gRPC', async () => {
    expect((await askBytes(grpc, path, Buffer.alloc(0))).error?.code).toBe(status.UNIMPLEMENTED);
  });

  it('is no page over HTTP, which Connect reads as unimplemented', async () => {
    const came = await http.post(path, { budgetId: 'anthropic' });
    expect([404, 501]).toContain(came.status);
    expect(http.servicePort.asked).toEqual([]);
  });
});

it.each([
  [`${ADMIN}/CreateBudget`, { updateMask: 'cooldown' }, 'updateMask'],
  [`${ADMIN}/CreateBudget`, { etag: '1' }, 'etag'],
  [`${ADMIN}/UpdateBudget`, { paused: true }, 'paused'],
  [`${ADMIN}/UpdateBudget`, { pauseReason: 'x' }, 'pauseReason'],
  [`${ADMIN}/PauseBudget`, { pause_reason: 'x' }, 'pause_reason'],
  [`${BUDGETS}/AcquireSlot`, { aiId: 'a', afterRevision: 1 }, 'afterRevision'],
])('%s takes no %j', async (path, fields, field) => {
  const { status: code, json } = await http.post(path, { budgetId: 'anthropic', ...fields });
  expect([code, json['code']]).toEqual([400, 'invalid_argument']);
  expect(json['message']).toMatch(new RegExp(`^${field}: unknown field`));
});

it('tells a pause in its new form alone', async () => {
  const { json } = await http.post(`${ADMIN}/PauseBudget`, { budgetId: 'anthropic', reason: 'audit' });
  const told = json['budget'] as object;
  expect(told).toMatchObject({ pause: { reason: 'audit' } });
  for (const old of ['paused', 'pauseReason', 'pausedAt']) expect(told).not.toHaveProperty(old);
});
