import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorOf, LoadedClients } from '../support/loaded-client.js';
import { type Service, startService } from '../support/service.js';

const BUDGET = 'loaded';
const ASK = { budget_id: BUDGET, ai_id: 'guardian', request_id: 'ask-1', estimated_tokens: 1_000 };
const REPORT = {
  usage_id: 'use-1',
  model: 'claude-sonnet-4',
  tokens: { input_tokens: 100, output_tokens: 50 },
};

const uri = process.env['MONGODB_URI'];
const database = `test_loader_${randomUUID().slice(0, 8)}`;
const stores = [
  { store: 'the embedded store', env: {} },
  ...(uri ? [{ store: 'MongoDB', env: { MONGODB_URI: uri, MONGODB_DATABASE: database } }] : []),
];

/** In order: each test goes on where the one before it stopped. */
describe.each(stores)('a client that loads the proto files when it runs, on $store', ({ env }) => {
  let service: Service;
  let clients: LoadedClients;
  let leaseId = '';

  beforeAll(async () => {
    service = await startService({ env });
    clients = new LoadedClients(service.grpcAddress);
  });

  afterAll(async () => {
    clients?.close();
    await service?.stop();
    if (uri && 'MONGODB_URI' in env) await dropDatabase(uri);
  });

  it('creates a budget', async () => {
    const policy = { monthly_limit: 10_000_000, cooldown: { seconds: 0 }, max_concurrent: 1 };
    const answer = await clients.admin('CreateBudget', { budget_id: BUDGET, policy });
    expect(answer).not.toHaveProperty('budget.policy.pacing');
    expect(answer).not.toHaveProperty('budget.pause');
    expect(answer).toMatchObject({
      budget: {
        budget_id: BUDGET,
        policy: { max_concurrent: 1 },
        effective_policy: { monthly_limit: 10_000_000, enforced_percent: 70, pacing: 'PACING_FLOOR' },
      },
    });
  });

  it('gets a slot, and the same again for the same request', async () => {
    const first = await clients.call<{ granted: { lease: { lease_id: string } } }>('AcquireSlot', ASK);
    expect(first).toMatchObject({
      outcome: 'granted',
      granted: {
        replayed: false,
        lease: { state: 'LEASE_STATE_LIVE', ai_id: 'guardian', request_id: 'ask-1', reserved_tokens: 1_000 },
      },
    });
    leaseId = first.granted.lease.lease_id;
    expect(await clients.call('AcquireSlot', ASK)).toMatchObject({
      granted: { replayed: true, lease: { lease_id: leaseId } },
    });
  });

  it('is denied with every rule that refuses, and told when to come back', async () => {
    const answer = await clients.call('AcquireSlot', { ...ASK, request_id: 'ask-2' });
    expect(answer).toMatchObject({
      outcome: 'denied',
      denied: {
        permanent: false,
        blockers: [
          { rule: 'RULE_CONCURRENCY', limit: 1, spent: 1, requested: 1, message: expect.stringMatching(/./) },
          { rule: 'RULE_AI_CONCURRENCY', limit: 1, spent: 1, requested: 1 },
        ],
      },
    });
    const { denied } = answer as { denied: { retry_after: { seconds: number } } };
    expect(denied.retry_after.seconds).toBeGreaterThan(60);
    expect(await clients.call('GetAvailability', { budget_id: BUDGET, ai_id: 'sandbox' })).toMatchObject({
      available_tokens: 34_000,
      denial: { blockers: [{ rule: 'RULE_CONCURRENCY' }] },
    });
  });

  it('renews the lease and raises its reservation', async () => {
    const answer = await clients.call('RenewSlot', { lease_id: leaseId, reserve_tokens: 2_000 });
    expect(answer).toMatchObject({ lease: { lease_id: leaseId, reserved_tokens: 2_000 } });
    expect(answer).not.toHaveProperty('raise_denied');
  });

  it('records usage once per usage id', async () => {
    const request = { lease_id: leaseId, usage: REPORT };
    expect(await clients.call('RecordUsage', request)).toMatchObject({
      charged_tokens: 150,
      overrun_tokens: 0,
      late: false,
      replayed: false,
      lease: { used_tokens: 150 },
    });
    expect(await clients.call('RecordUsage', request)).toMatchObject({ charged_tokens: 150, replayed: true });
  });

  it('reads the lease by its request', async () => {
    const { budget_id, ai_id, request_id } = ASK;
    expect(await clients.call('GetLease', { request: { budget_id, ai_id, request_id } })).toMatchObject({
      lease: { lease_id: leaseId, used_tokens: 150 },
    });
  });

  it('releases the slot with a last report, once', async () => {
    const request = { lease_id: leaseId, usage: { usage_id: 'use-2', tokens: { total_tokens: 50 } } };
    const settled = { used_tokens: 200, freed_tokens: 1_800, overrun_tokens: 0 };
    expect(await clients.call('Release', request)).toEqual({ ...settled, replayed: false });
    expect(await clients.call('Release', request)).toEqual({ ...settled, replayed: true });
  });

  it('reads the distribution', async () => {
    expect(await clients.call('GetDistribution', { budget_id: BUDGET })).toMatchObject({
      distribution_stats: {
        monthly_distribution: { total_tokens: 200, daily_usage_data: [{ tokens: 200 }] },
        rate_limiting_status: { active_requests: 0, max_concurrent_requests: 1 },
        by_ai: [{ ai_id: 'guardian', tokens: 200 }],
        by_model: [
          { model: 'claude-sonnet-4', tokens: 150 },
          { model: '(unspecified)', tokens: 50 },
        ],
      },
    });
  });

  it('operates the budget', async () => {
    await clients.admin('PauseBudget', { budget_id: BUDGET, reason: 'a test' });
    const answer = await clients.call('AcquireSlot', { ...ASK, request_id: 'ask-3' });
    expect(answer).toMatchObject({ denied: { permanent: false, blockers: [{ rule: 'RULE_PAUSED' }] } });
    expect(answer).not.toHaveProperty('denied.retry_after');
    await clients.admin('ResumeBudget', { budget_id: BUDGET });

    const correction = { budget_id: BUDGET, adjustment_id: 'fix-1', tokens: -20, reason: 'counted twice' };
    expect(await clients.admin('AdjustUsage', correction)).toMatchObject({ day_total_tokens: 180 });
    expect(
      await clients.admin('ListUsage', { budget_id: BUDGET, group_by: 'USAGE_GROUPING_AI' }),
    ).toMatchObject({
      rows: [{ key: 'guardian', tokens: 180 }],
    });
    expect(await clients.admin('ListLeases', { budget_id: BUDGET, include_closed: true })).toMatchObject({
      leases: [{ lease_id: leaseId, state: 'LEASE_STATE_RELEASED' }],
    });
  });

  it('gets errors with their details', async () => {
    expect(await errorOf(clients.call('AcquireSlot', { ...ASK, budget_id: 'nowhere' }))).toMatchObject({
      code: status.NOT_FOUND,
      message: expect.stringContaining('nowhere'),
      details: { ErrorInfo: { reason: 'BUDGET_NOT_FOUND', domain: 'budgetarbiter' } },
    });
    expect(await errorOf(clients.call('AcquireSlot', { ...ASK, estimated_tokens: 0 }))).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: {
        ErrorInfo: { reason: 'INVALID_FIELD' },
        BadRequest: { field_violations: [{ field: 'estimated_tokens' }] },
      },
    });
    expect(await errorOf(clients.call('RenewSlot', { lease_id: leaseId }))).toMatchObject({
      code: status.FAILED_PRECONDITION,
      details: { ErrorInfo: { reason: 'LEASE_CLOSED' } },
    });
  });

  it('deletes the budget', async () => {
    await clients.admin('DeleteBudget', { budget_id: BUDGET });
    expect(await errorOf(clients.admin('GetBudget', { budget_id: BUDGET }))).toMatchObject({
      code: status.NOT_FOUND,
    });
  });
});

async function dropDatabase(mongodbUri: string): Promise<void> {
  const client = new MongoClient(mongodbUri);
  await client.db(database).dropDatabase();
  await client.close();
}
