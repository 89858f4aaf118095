import type { Client } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { descriptors } from '../../src/api/codec/descriptors.js';
import { WatchBudgetRequest } from '../../src/gen/budgetarbiter/v1/budget_admin_service.js';
import { OpenSession, SessionRequest } from '../../src/gen/budgetarbiter/v1/budget_service.js';
import { HealthCheckRequest } from '../../src/gen/grpc/health/v1/health.js';
import { ServerReflectionRequest } from '../../src/gen/grpc/reflection/v1/reflection.js';
import { accessFor, ai, operator, viewer } from '../support/access.js';
import { type Came, callAny, plainClient } from '../support/any-call.js';
import { ANSWERS_BY_THE_PORT } from '../support/ready-answers.js';
import { budget } from '../support/samples.js';
import { METHODS } from '../support/valid-requests.js';
import { type Harness, startHarness } from './support/harness.js';

/** Who may call what, as the API's readers understand it; written down once more, apart from the table that decides. */
const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  AcquireSlot: ['ai', 'operator'],
  RenewSlot: ['ai', 'operator'],
  RecordUsage: ['ai', 'operator'],
  Release: ['ai', 'operator'],
  Session: ['ai', 'operator'],
  GetLease: ['ai', 'viewer', 'operator'],
  GetAvailability: ['ai', 'viewer', 'operator'],
  GetDistribution: ['viewer', 'operator'],
  GetBudget: ['viewer', 'operator'],
  ListBudgets: ['viewer', 'operator'],
  ListLeases: ['viewer', 'operator'],
  ListUsage: ['viewer', 'operator'],
  ListDenials: ['ai', 'viewer', 'operator'],
  WatchBudget: ['viewer', 'operator'],
  CreateBudget: ['operator'],
  UpdateBudget: ['operator'],
  DeleteBudget: ['operator'],
  PauseBudget: ['operator'],
  ResumeBudget: ['operator'],
  RevokeLease: ['operator'],
  AdjustUsage: ['operator'],
  AddTopUp: ['operator'],
  EndTopUp: ['operator'],
  ListTopUps: ['viewer', 'operator'],
  ListAlerts: ['viewer', 'operator'],
  AcknowledgeAlert: ['operator'],
  SilenceAlerts: ['operator'],
  ListChanges: ['viewer', 'operator'],
  SimulatePolicy: ['operator'],
  ResetClock: ['operator'],
};

/** Methods whose requests name a lease, whose AI they do not say. */
const BY_LEASE = ['RenewSlot', 'RecordUsage', 'Release', 'GetLease'];

const services = ['budgetarbiter.v1.BudgetService', 'budgetarbiter.v1.BudgetAdminService'];
const rpcs = services.flatMap((service) =>
  (descriptors().getService(service)?.methods ?? []).map(({ name }) => ({
    name,
    path: `/${service}/${name}`,
  })),
);

/** The lease of the fake service port, and the AI of the requests, are of guardian on the budget anthropic. */
const tokens = {
  ai: [ai('anthropic', 'guardian')],
  'other-ai': [ai('*', 'sandbox')],
  'ai-elsewhere': [ai('openai', 'guardian')],
  viewer: [viewer('anthropic')],
  'viewer-elsewhere': [viewer('openai')],
  operator: [operator('anth*')],
  'operator-elsewhere': [operator('openai')],
};
type Token = keyof typeof tokens;

let harness: Harness;
let client: Client;
beforeAll(async () => {
  harness = await startHarness({
    access: accessFor({ tokens }).access,
    ...ANSWERS_BY_THE_PORT,
  });
  harness.servicePort.budgets = [budget()];
  harness.servicePort.onWatch = () =>
    harness.servicePort.tell({
      ...{ at: 0, events: [], mergedEvents: 0, denials: new Map(), waiters: 0, stale: true },
      snapshot: undefined,
    });
  client = plainClient(harness.port);
});
afterAll(() => {
  client.close();
  harness.stop();
});

function bytesFor(path: string): Uint8Array {
  if (path.endsWith('/WatchBudget')) {
    return WatchBudgetRequest.encode({ budgetId: 'anthropic' }).finish();
  }
  if (path.endsWith('/Session')) {
    const open = OpenSession.fromPartial({ budgetId: 'anthropic', aiId: 'guardian' });
    return SessionRequest.encode({ tag: 1, call: { $case: 'open', value: open } }).finish();
  }
  const row = Object.values(METHODS).find(({ method }) => method.path === path);
  if (row === undefined) throw new Error(`no valid request for ${path}: add one to valid-requests.ts`);
  const { method, valid } = row as unknown as {
    method: { requestSerialize: (message: unknown) => Buffer };
    valid: object;
  };
  const { codec } = row as unknown as { codec: { fromPartial: (partial: object) => unknown } };
  return method.requestSerialize(codec.fromPartial(valid));
}

const DENIED = { code: 7, reason: 'PERMISSION_DENIED', domain: 'budgetarbiter' };
const UNAUTHENTICATED = { code: 16, reason: 'UNAUTHENTICATED', domain: 'budgetarbiter' };
const NOT_FOUND = { code: 5, reason: 'LEASE_NOT_FOUND' };

it('has an expectation for every method, and no other', () => {
  expect(rpcs.map(({ name }) => name).sort()).toEqual(Object.keys(EXPECTED).sort());
});

describe.each(rpcs)('$name', ({ name, path }) => {
  const allowed = EXPECTED[name] ?? [];
  const call = (token: Token): Promise<Came> => callAny(client, path, bytesFor(path), { token });

  it.each(['ai', 'viewer', 'operator'] as const)('for %s', async (role) => {
    const came = await call(role);
    if (allowed.includes(role)) expect(came).toBe('answered');
    else expect(came).toMatchObject(DENIED);
  });

  it('for nobody, and for somebody who is wrong', async () => {
    for (const shown of [{}, { token: 'wrong' }, { authorization: 'ai' }]) {
      const asked = harness.servicePort.asked.length;
      expect(await callAny(client, path, bytesFor(path), shown)).toMatchObject(UNAUTHENTICATED);
      expect(harness.servicePort.asked).toHaveLength(asked);
    }
  });

  it('before its bytes are read', async () => {
    expect(await callAny(client, path, Buffer.of(0xff))).toMatchObject(UNAUTHENTICATED);
  });

  it('for another AI', async () => {
    expect(await call('other-ai')).toMatchObject(
      allowed.includes('ai') && BY_LEASE.includes(name) ? NOT_FOUND : DENIED,
    );
  });

  it.each(['ai-elsewhere', 'viewer-elsewhere', 'operator-elsewhere'] as const)('for %s', async (token) => {
    const mayList = name === 'ListBudgets' && token !== 'ai-elsewhere';
    if (mayList) expect(await call(token)).toBe('answered');
    else expect(await call(token)).toMatchObject(DENIED);
  });
});

it('health is open', async () => {
  const bytes = HealthCheckRequest.encode({ service: '' }).finish();
  for (const method of ['Check', 'List', 'Watch']) {
    expect(await callAny(client, `/grpc.health.v1.Health/${method}`, bytes)).toBe('answered');
    expect(await callAny(client, `/grpc.health.v1.Health/${method}`, bytes, { token: 'wrong' })).toBe(
      'answered',
    );
  }
});

it.each(['v1', 'v1alpha'])('reflection %s is for principals, whatever their role', async (version) => {
  const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
  const request = { host: '', messageRequest: { $case: 'listServices', value: '' } } as const;
  const bytes = ServerReflectionRequest.encode(request).finish();
  expect(await callAny(client, path, bytes)).toMatchObject(UNAUTHENTICATED);
  expect(await callAny(client, path, bytes, { token: 'wrong' })).toMatchObject(UNAUTHENTICATED);
  for (const token of Object.keys(tokens))
    expect(await callAny(client, path, bytes, { token })).toBe('answered');
});
