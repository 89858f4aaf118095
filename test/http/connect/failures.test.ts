import { fromBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { descriptors } from '../../../src/api/codec/descriptors.js';
import { ArbiterError } from '../../../src/arbiter/service-port.js';
import type { Refusal } from '../../../src/domain/model/outcomes.js';
import { accessFor, ai, operator, viewer } from '../../support/access.js';
import { stopServers } from '../../support/http-server.js';
import { closedLease, LEASE_ID } from '../../support/samples.js';
import { ADMIN, BUDGETS, type ConnectHarness, startConnect } from './support/connect-harness.js';

let http: ConnectHarness;
beforeAll(async () => {
  http = await startConnect();
});
afterAll(stopServers);

const release = () => http.post(`${BUDGETS}/Release`, { leaseId: LEASE_ID });

describe('a refusal', () => {
  it.each<[Refusal, number, string]>([
    [{ reason: 'INVALID_FIELD', violations: [{ field: 'a', description: 'b' }] }, 400, 'invalid_argument'],
    [{ reason: 'LEASE_NOT_FOUND', leaseId: LEASE_ID }, 404, 'not_found'],
    [{ reason: 'LEASE_CLOSED', lease: closedLease() }, 400, 'failed_precondition'],
    [{ reason: 'ETAG_MISMATCH', current: '8' }, 409, 'aborted'],
    [{ reason: 'STATE_FULL', bytes: 12_582_913 }, 429, 'resource_exhausted'],
    [{ reason: 'CLOCK_NOT_TRUSTED', detail: 'it is 7 s ahead' }, 503, 'unavailable'],
  ])('%o is %d %s', async (refusal, status, code) => {
    http.servicePort.refuse(refusal);
    const came = await release();
    expect([came.status, came.type, came.json['code']]).toEqual([status, 'application/json', code]);
    const [info] = came.json['details'] as { type: string; value: string; debug: unknown }[];
    expect(info).toMatchObject({
      type: 'google.rpc.ErrorInfo',
      debug: { reason: refusal.reason, domain: 'budgetarbiter' },
    });
    expect(info?.value).toMatch(/^[A-Za-z0-9+/]+$/);
    const type = descriptors().getMessage('google.rpc.ErrorInfo');
    if (type === undefined) throw new Error('no ErrorInfo');
    expect(fromBinary(type, Buffer.from(info?.value ?? '', 'base64'))).toMatchObject({
      reason: refusal.reason,
    });
  });

  it('says when to come back, to those who know HTTP alone, too', async () => {
    http.servicePort.refuse({ reason: 'CLOCK_NOT_TRUSTED', detail: 'x' });
    const { headers, json } = await release();
    expect(headers.get('retry-after')).toBe('10');
    expect(json['details']).toContainEqual(
      expect.objectContaining({ type: 'google.rpc.RetryInfo', debug: { retryDelay: '10s' } }),
    );
  });
});

it.each([
  ['QUEUE_FULL', 429, 'resource_exhausted'],
  ['STORE_UNAVAILABLE', 503, 'unavailable'],
  ['STORE_REFUSED', 400, 'invalid_argument'],
  ['SHUTTING_DOWN', 503, 'unavailable'],
  ['CANCELLED', 499, 'canceled'],
] as const)('%s is %d %s', async (failure, status, code) => {
  http.servicePort.fail(new ArbiterError(failure, 'in words', 1_500));
  const came = await release();
  expect([came.status, came.json['code'], came.json['message']]).toEqual([status, code, 'in words']);
});

it('tells a fault of its own to the log, and to the caller by its id there', async () => {
  http.servicePort.fail(new Error('secret detail'));
  const { status, json, bytes } = await release();
  expect([status, json['code']]).toEqual([500, 'internal']);
  expect(bytes.toString()).toContain('nonce-1');
  expect(bytes.toString()).not.toContain('secret');
  expect(http.log.entries).toContainEqual(
    expect.objectContaining({ level: 'error', fields: expect.objectContaining({ errorId: 'nonce-1' }) }),
  );
});

describe('with credentials configured', () => {
  const { access, log } = accessFor({
    tokens: {
      ai: [ai('anthropic', 'guardian')],
      viewer: [viewer('anthropic')],
      operator: [operator('anthropic')],
    },
  });
  let closed: ConnectHarness;
  beforeAll(async () => {
    closed = await startConnect({ access });
  });
  const as = (token: string) => ({ authorization: `Bearer ${token}` });
  const acquire = (aiId: string, budgetId = 'anthropic') => ({ budgetId, aiId });

  it.each([
    ['ai', `${BUDGETS}/AcquireSlot`, acquire('guardian'), 200],
    ['ai', `${BUDGETS}/AcquireSlot`, acquire('other'), 403],
    ['ai', `${BUDGETS}/AcquireSlot`, acquire('guardian', 'openai'), 403],
    ['ai', `${ADMIN}/PauseBudget`, { budgetId: 'anthropic' }, 403],
    ['ai', `${ADMIN}/Nothing`, {}, 403],
    ['viewer', `${ADMIN}/GetBudget`, { budgetId: 'anthropic' }, 200],
    ['viewer', `${ADMIN}/GetBudget`, { budgetId: 'openai' }, 403],
    ['viewer', `${ADMIN}/PauseBudget`, { budgetId: 'anthropic' }, 403],
    ['operator', `${ADMIN}/PauseBudget`, { budgetId: 'anthropic' }, 200],
  ] as const)('%s: %s %o: %d', async (token, path, body, status) => {
    const came = await closed.post(path, body, as(token));
    expect(came.status).toBe(status);
    if (status === 403) expect(came.json['code']).toBe('permission_denied');
  });

  it.each([{}, as('wrong'), { authorization: 'ai' }])('%o is nobody', async (headers) => {
    const asked = closed.servicePort.asked.length;
    for (const path of [`${BUDGETS}/AcquireSlot`, `${ADMIN}/WatchBudget`]) {
      const { status, json, headers: told } = await closed.post(path, acquire('guardian'), headers);
      expect([status, json['code']]).toEqual([401, 'unauthenticated']);
      expect(told.get('www-authenticate')).toBe('Bearer realm="budget-arbiter"');
    }
    expect(closed.servicePort.asked).toHaveLength(asked);
  });

  it('writes the audit as gRPC does', async () => {
    log.entries.length = 0;
    await closed.post(`${ADMIN}/PauseBudget`, { budgetId: 'anthropic', reason: 'invoice' }, as('operator'));
    expect(log.entries).toContainEqual(
      expect.objectContaining({
        fields: expect.objectContaining({ audit: 'pause', principal: 'operator', reason: 'invoice' }),
        message: 'an operator action',
      }),
    );
  });
});

it('writes the audit without credentials, too', async () => {
  http.servicePort.answer = undefined;
  await http.post(`${ADMIN}/ResumeBudget`, { budgetId: 'anthropic' });
  expect(http.log.entries).toContainEqual(
    expect.objectContaining({ fields: expect.objectContaining({ audit: 'resume', principal: 'anonymous' }) }),
  );
});
