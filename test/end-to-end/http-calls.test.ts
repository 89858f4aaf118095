import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LoadedClients } from '../support/loaded-client.js';
import { type Service, startService } from '../support/service.js';
import { untilTrue } from './support/until.js';

const OPEN = { enforced_percent: 100, max_daily_percent: 100, max_hourly_percent: 100, min_daily_percent: 0 };
const BUDGET = 'both-ways';

interface Watched {
  readonly waiters: number;
}

describe('calls over HTTP and over gRPC', () => {
  let service: Service;
  let clients: LoadedClients;
  let waiters = 0;
  beforeAll(async () => {
    service = await startService();
    clients = new LoadedClients(service.grpcAddress);
    const policy = { monthly_limit: 1e6, ...OPEN, cooldown: { seconds: 0, nanos: 0 }, max_concurrent: 1 };
    await clients.admin('CreateBudget', { budget_id: BUDGET, policy });
    const watch = clients.watch(BUDGET);
    watch.on('data', (update: Watched) => {
      waiters = update.waiters;
    });
    watch.on('error', () => {});
    await once(watch, 'data');
  });
  afterAll(async () => {
    clients.close();
    await service.stop();
  });

  const post = (method: string, body: object, signal?: AbortSignal) =>
    fetch(`http://${service.httpAddress}/budgetarbiter.v1.BudgetService/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      ...(signal && { signal }),
    });
  const slot = (aiId: string, more: object = {}) => ({
    budgetId: BUDGET,
    aiId,
    estimatedTokens: 10,
    ...more,
  });
  const release = (leaseId: string) => clients.call('Release', { lease_id: leaseId });

  async function acquired(response: Response): Promise<{ leaseId: string; fence: string }> {
    const { granted } = (await response.json()) as {
      granted?: { lease: { leaseId: string; fence: string } };
    };
    if (granted === undefined) throw new Error(`${response.status}: no slot`);
    return granted.lease;
  }

  it('know each other: one id, one effect', async () => {
    const { leaseId } = await acquired(await post('AcquireSlot', slot('a', { requestId: 'r-1' })));
    const again = { budget_id: BUDGET, ai_id: 'a', request_id: 'r-1', estimated_tokens: 10 };
    expect(await clients.call('AcquireSlot', again)).toMatchObject({
      granted: { replayed: true, lease: { lease_id: leaseId } },
    });
    const usage = { usageId: 'u-1', tokens: { totalTokens: '7' } };
    expect(await (await post('RecordUsage', { leaseId, usage })).json()).toMatchObject({
      chargedTokens: '7',
    });
    const grpcUsage = { usage_id: 'u-1', tokens: { total_tokens: 7 } };
    expect(await clients.call('RecordUsage', { lease_id: leaseId, usage: grpcUsage })).toMatchObject({
      charged_tokens: 7,
      replayed: true,
    });
    expect(await release(leaseId)).toMatchObject({ used_tokens: 7, freed_tokens: 3 });
  });

  it('wait in one queue, which a client that goes away leaves', async () => {
    const holder = await acquired(await post('AcquireSlot', slot('holder')));
    const leaving = new AbortController();
    const left = post('AcquireSlot', slot('leaver', { wait: '60s' }), leaving.signal).catch(() => 'left');
    await untilTrue('it waits', () => waiters === 1);
    const staying = post('AcquireSlot', slot('stayer', { wait: '60s' }));
    await untilTrue('both wait', () => waiters === 2);
    leaving.abort();
    expect(await left).toBe('left');
    await untilTrue('one is left', () => waiters === 1);
    await release(holder.leaseId);
    const { fence, leaseId } = await acquired(await staying);
    expect(Number(fence)).toBe(Number(holder.fence) + 1);
    await release(leaseId);
  });

  it('are told when the service stops', async () => {
    await post('AcquireSlot', slot('last'));
    const waiting = post('AcquireSlot', slot('too-late', { wait: '60s' }));
    await untilTrue('it waits', () => waiters === 1);
    const stopped = service.stop();
    const response = await waiting;
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({
      code: 'unavailable',
      details: [{ debug: { reason: 'SHUTTING_DOWN' } }, {}],
    });
    expect(await stopped).toBe(0);
    expect(service.logs.filter(({ level }) => level === 'error')).toEqual([]);
  });
});
