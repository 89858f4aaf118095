import { credentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BudgetServiceClient } from '../../src/gen/budgetarbiter/v1/budget_service.js';
import { FaultyProxy } from '../support/faulty-proxy.js';
import { LoadedClients } from '../support/loaded-client.js';
import { type Service, startService } from '../support/service.js';
import { SessionClient } from '../support/session-client.js';

const BUDGET = 'half-open';
/** Far beyond the time in which the silence must be noticed: it is the break that frees the slot, not the lease's end. */
const TTL_S = 600;
/** Until the silence is noticed, and the grace; and something for a busy machine. */
const WITHIN_S = 10 + 1 + 5;

interface Answer {
  readonly outcome: string;
}

/** A cable that is pulled, or a machine that loses its power: no FIN, no RST, just nothing any more. */
describe('a session whose peer falls silent without a word', () => {
  let service: Service;
  let proxy: FaultyProxy;
  let clients: LoadedClients;

  beforeAll(async () => {
    service = await startService();
    const [host = '', port = ''] = service.grpcAddress.split(':');
    proxy = await FaultyProxy.start(host, Number(port));
    clients = new LoadedClients(service.grpcAddress);
    const policy = {
      ...{ cooldown: { seconds: 0 }, max_concurrent: 1, session_grace: { seconds: 1 } },
      ...{ lease_ttl: { seconds: TTL_S }, max_hourly_percent: 8 },
    };
    await clients.admin('CreateBudget', { budget_id: BUDGET, policy });
  });
  afterAll(async () => {
    clients?.close();
    await proxy?.stop();
    await service?.stop();
  });

  it('is missed by the pings, and its slot is free after the grace', async () => {
    const client = new BudgetServiceClient(`127.0.0.1:${proxy.port}`, credentials.createInsecure());
    const session = new SessionClient(client);
    const { sessionId } = await session.open({ budgetId: BUDGET, aiId: 'silent' });
    const leaseId = await session.acquire({ estimatedTokens: 100 });
    proxy.line = 'stalled';
    const silentAt = performance.now();
    const request = { budget_id: BUDGET, ai_id: 'next', estimated_tokens: 100, wait: { seconds: WITHIN_S } };
    const { outcome } = await clients.call<Answer>('AcquireSlot', request);
    console.info(`the slot was another's ${Math.round(performance.now() - silentAt)} ms after the silence`);
    expect(outcome).toBe('granted');
    expect(await clients.call('GetLease', { lease_id: leaseId })).toMatchObject({
      lease: { state: 'LEASE_STATE_EXPIRED', session_id: sessionId },
    });
    client.close();
  });
});
