import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { credentials } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { Rule } from '../../src/gen/budgetarbiter/v1/budget.js';
import { BudgetServiceClient } from '../../src/gen/budgetarbiter/v1/budget_service.js';
import { ROOMY_MESSAGE } from '../support/policies.js';
import { SessionClient } from '../support/session-client.js';
import { type AcquireAnswer, type Lease, toMs } from './support/messages.js';
import { describeOnEveryStore } from './support/places.js';
import { Replicas } from './support/replicas.js';
import { until, untilTrue } from './support/until.js';

const DYING_SESSION = fileURLToPath(new URL('support/dying-session.ts', import.meta.url));
const GRACE_S = 2;
const TTL_S = 60;

describeOnEveryStore('a session', (place) => {
  let replicas: Replicas;
  let budgets = 0;
  let budgetId: string;
  const clients: BudgetServiceClient[] = [];
  beforeAll(async () => {
    replicas = await Replicas.start(place);
  });
  afterAll(() => replicas?.stop());
  beforeEach(async () => {
    budgetId = `session-${++budgets}`;
    await putGrace(GRACE_S);
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });

  async function putGrace(seconds: number): Promise<void> {
    const policy = {
      ...ROOMY_MESSAGE,
      ...{ max_concurrent: 1, lease_ttl: { seconds: TTL_S }, session_grace: { seconds } },
    };
    await replicas.clients(1).admin('UpdateBudget', { budget_id: budgetId, policy, allow_missing: true });
  }

  const lease = async (lease_id: string) =>
    (await replicas.clients(1).call<{ lease: Lease }>('GetLease', { lease_id })).lease;

  function begin(replica: number): SessionClient {
    const client = new BudgetServiceClient(
      replicas.replica(replica).service.grpcAddress,
      credentials.createInsecure(),
    );
    clients.push(client);
    return new SessionClient(client);
  }

  /** A session in a process of its own, which holds the only slot. */
  async function startDying(): Promise<{ ai: ChildProcess; sessionId: string; leaseId: string }> {
    const { grpcAddress } = replicas.replica(0).service;
    const ai = spawn(process.execPath, ['--import', 'tsx', DYING_SESSION, grpcAddress, budgetId, 'dying'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(ai.stdout as NonNullable<typeof ai.stdout>, 'data')) as [Buffer];
    return { ai, ...(JSON.parse(line.toString()) as { sessionId: string; leaseId: string }) };
  }

  async function kill(ai: ChildProcess): Promise<void> {
    ai.kill('SIGKILL');
    await once(ai, 'close');
  }

  it('whose process is killed leaves its slot within the grace', async () => {
    const { ai, leaseId } = await startDying();
    const asked = replicas.clients(1).call<AcquireAnswer>('AcquireSlot', {
      ...{ budget_id: budgetId, ai_id: 'waiting', estimated_tokens: 1_000, wait: { seconds: 30 } },
    });
    await kill(ai);
    const killedAt = Date.now();
    const { granted } = await asked;
    const { expires_at, granted_at, state } = await lease(leaseId);
    expect(state).toBe('LEASE_STATE_EXPIRED');
    expect(toMs(expires_at) - toMs(granted_at)).toBeLessThan(TTL_S * 1_000);
    const gap = toMs(granted?.lease.granted_at ?? { seconds: 0, nanos: 0 }) - toMs(expires_at);
    expect(gap).toBeGreaterThanOrEqual(0);
    console.info(`the slot was another's ${Date.now() - killedAt} ms after the kill`);
  });

  it('is taken up by a client that comes back within the grace, on whatever replica', async () => {
    await putGrace(30);
    const { ai, sessionId, leaseId } = await startDying();
    await kill(ai);
    await untilTrue('the break is seen', async () => leftS(await lease(leaseId)) <= 30);
    const { leases } = await begin(1).open({ budgetId, aiId: 'dying', sessionId });
    expect(leases).toMatchObject([{ leaseId, sessionId }]);
    expect(leftS(await lease(leaseId))).toBeGreaterThan(30);
  });

  it('outlives the replica that carries it, whether that is killed or stops', async () => {
    let session = begin(0);
    const { sessionId } = await session.open({ budgetId, aiId: 'faithful' });
    const leaseId = await session.acquire({ estimatedTokens: 1_000 });
    for (const end of ['killAndRestart', 'terminate'] as const) {
      if (end === 'terminate') await replicas.terminate(0).then(() => replicas.restart(0));
      else await replicas.killAndRestart(0);
      expect((await session.ended)?.code).toBe(14);
      session = begin(0);
      const { leases } = await until('it serves again', () =>
        session.open({ budgetId, aiId: 'faithful', sessionId }),
      );
      expect(leases).toMatchObject([{ leaseId }]);
    }
    const released = await session.ask('released', { $case: 'release', value: { leaseId } });
    expect(released.freedTokens).toBe(1_000);
  });

  it('keeps to the parts that teams and models have, and draws on top-ups', async () => {
    const policy = {
      ...{ ...ROOMY_MESSAGE, max_concurrent: 9, max_concurrent_per_ai: 9, max_hourly_percent: 0.0001 },
      teams: { web: { ai_ids: ['web/*'], max_hourly_percent: 50 } },
      models: { 'claude-opus-*': { max_concurrent: 1 } },
    };
    const admin = (method: string, request: object) => replicas.clients(1).admin(method, request);
    await admin('UpdateBudget', { budget_id: budgetId, policy });
    await admin('AddTopUp', {
      ...{ budget_id: budgetId, top_up_id: 'extra', tokens: 3_000_000, team_id: 'web', reason: 'r' },
      expires_at: { seconds: Math.floor(Date.now() / 1_000) + 3_600 },
    });
    const session = begin(0);
    await session.open({ budgetId, aiId: 'web/a' });
    const ask = async (request: { model?: string; estimatedTokens: number; atLeastTokens?: number }) =>
      (await session.ask('acquired', { $case: 'acquire', value: request })).outcome?.value;
    const model = 'claude-opus-4-5';
    const lease = { teamId: 'web', reservedTokens: 400_000 };
    expect(await ask({ model, estimatedTokens: 400_000 })).toMatchObject({ lease: { ...lease, model } });
    const blocker = { rule: Rule.RULE_MODEL_CONCURRENCY, scope: 'claude-opus-*' };
    expect(await ask({ model, estimatedTokens: 1 })).toMatchObject({ blockers: [blocker] });
    // Of the team's 500,000 an eighth of what is left, for each of the free slots; and all of it from the top-up.
    const least = { estimatedTokens: 200_000, atLeastTokens: 1_000 };
    expect(await ask(least)).toMatchObject({ lease: { reservedTokens: 12_500 } });
    expect(await ask({ estimatedTokens: 2_000_000 })).toMatchObject({ lease: { topUpId: 'extra' } });
    session.stream.end();
  });

  it('answers as calls of their own do, and is charged once', async () => {
    const session = begin(0);
    await session.open({ budgetId, aiId: 'a' });
    const request = { requestId: 'one', estimatedTokens: 1_000 };
    const leaseId = await session.acquire(request);
    expect(await session.acquire(request)).toBe(leaseId);
    const usage = { usageId: 'u', tokens: { totalTokens: 400 } } as never;
    const subject = { $case: 'leaseId', value: leaseId } as const;
    const once = await session.ask('recorded', { $case: 'record', value: { subject, usage } });
    const again = await replicas.clients(1).call('RecordUsage', {
      ...{ lease_id: leaseId, usage: { usage_id: 'u', tokens: { total_tokens: 400 } } },
    });
    expect([once, again]).toMatchObject([
      { chargedTokens: 400, replayed: false },
      { charged_tokens: 400, replayed: true },
    ]);
    const released = await session.ask('released', { $case: 'release', value: { leaseId } });
    expect(released).toMatchObject({ usedTokens: 400, freedTokens: 600 });
    session.stream.end();
    expect(await session.ended).toBeUndefined();
  });
});

function leftS({ expires_in }: Lease): number {
  return (expires_in as { seconds: number }).seconds;
}
