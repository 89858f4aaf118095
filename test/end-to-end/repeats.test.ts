import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ROOMY_MESSAGE } from '../support/policies.js';
import type { AcquireAnswer, Lease } from './support/messages.js';
import { describeOnEveryStore } from './support/places.js';
import { Replicas } from './support/replicas.js';

const BUDGET = 'repeated';
const TIMES = 16;
const AI = { budget_id: BUDGET, ai_id: 'guardian' };

type Answer = Record<string, unknown>;

interface Put extends Answer {
  readonly budget: { readonly etag: string; readonly policy: object };
}

describeOnEveryStore(`a write that is sent ${TIMES} times at once`, (place) => {
  let replicas: Replicas;
  beforeAll(async () => {
    replicas = await Replicas.start(place);
    await put(BUDGET);
  });
  afterAll(() => replicas?.stop());

  const put = (budget_id: string) =>
    replicas
      .clients()
      .admin('CreateBudget', { budget_id, policy: { ...ROOMY_MESSAGE, max_concurrent_per_ai: 2 } });
  const repeat = (send: (replica: number) => Promise<Answer>): Promise<Answer[]> =>
    Promise.all(Array.from({ length: TIMES }, (_, replica) => send(replica)));
  const call = (method: string, request: object) =>
    repeat((replica) => replicas.clients(replica).call<Answer>(method, request));
  const admin = (method: string, request: object) =>
    repeat((replica) => replicas.clients(replica).admin<Answer>(method, request));

  const leaseNow = async (lease_id: string) =>
    (await replicas.clients().call<{ lease: Lease }>('GetLease', { lease_id })).lease;
  const tokensNow = async () => {
    const request = { budget_id: BUDGET };
    const answer = await replicas.clients().call<Answer>('GetDistribution', request);
    return (answer['distribution_stats'] as { monthly_distribution: { total_tokens: number } })
      .monthly_distribution.total_tokens;
  };
  const acquire = async (request_id: string) => {
    const answer = await replicas
      .clients()
      .call<AcquireAnswer>('AcquireSlot', { ...AI, request_id, estimated_tokens: 1_000 });
    return answer.granted?.lease.lease_id ?? '';
  };

  it('AcquireSlot grants one lease', async () => {
    const answers = await call('AcquireSlot', { ...AI, request_id: 'ask-1', estimated_tokens: 1_000 });
    const granted = expectOnce(answers.map((answer) => answer['granted'] as Answer));
    const { leases } = await replicas
      .clients()
      .admin<{ leases: Lease[] }>('ListLeases', { budget_id: BUDGET });
    expect(leases).toHaveLength(1);
    expect(leases[0]?.lease_id).toBe((granted['lease'] as Lease).lease_id);
    await replicas.clients().call('Release', { lease_id: leases[0]?.lease_id });
  });

  it('RenewSlot raises the reservation once', async () => {
    const lease_id = await acquire('ask-2');
    // Longer than a lease may live: so every answer has the same end.
    const answers = await call('RenewSlot', {
      lease_id,
      reserve_tokens: 3_000,
      lease_ttl: { seconds: 86_400 },
    });
    const [first, ...rest] = answers.map(({ lease }) => withoutAge(lease as Answer));
    expect(first).toMatchObject({ lease_id, reserved_tokens: 3_000 });
    for (const other of rest) expect(other).toEqual(first);
    await replicas.clients().call('Release', { lease_id });
  });

  it('RecordUsage on a lease charges once', async () => {
    const before = await tokensNow();
    const lease_id = await acquire('ask-3');
    const usage = { usage_id: 'use-3', model: 'm', tokens: { input_tokens: 20, output_tokens: 5 } };
    const once = expectOnce(await call('RecordUsage', { lease_id, usage }));
    expect(once).toMatchObject({ charged_tokens: 25, lease: { lease_id, used_tokens: 25 } });
    expect(await leaseNow(lease_id)).toMatchObject({ used_tokens: 25 });
    await replicas.clients().call('Release', { lease_id });
    expect(await tokensNow()).toBe(before + 25);
  });

  it('RecordUsage without a lease charges once', async () => {
    const before = await tokensNow();
    const usage = { usage_id: 'use-4', tokens: { total_tokens: 40 } };
    expect(expectOnce(await call('RecordUsage', { unleased: AI, usage }))).toMatchObject({
      charged_tokens: 40,
    });
    expect(await tokensNow()).toBe(before + 40);
  });

  it('Release books its usage and frees the rest once', async () => {
    const before = await tokensNow();
    const lease_id = await acquire('ask-5');
    const usage = { usage_id: 'use-5', tokens: { total_tokens: 300 } };
    const once = expectOnce(await call('Release', { lease_id, usage }));
    expect(once).toMatchObject({ used_tokens: 300, freed_tokens: 700, overrun_tokens: 0 });
    expect(await leaseNow(lease_id)).toMatchObject({ state: 'LEASE_STATE_RELEASED', used_tokens: 300 });
    expect(await tokensNow()).toBe(before + 300);
  });

  it('AdjustUsage corrects once', async () => {
    const before = await tokensNow();
    const answers = await admin('AdjustUsage', {
      budget_id: BUDGET,
      adjustment_id: 'fix-6',
      tokens: 1_234,
      reason: 'a test',
    });
    expect(expectOnce(answers)).toMatchObject({ day_total_tokens: before + 1_234 });
    expect(await tokensNow()).toBe(before + 1_234);
  });

  it('RevokeLease ends the lease once', async () => {
    const lease_id = await acquire('ask-7');
    const answers = await admin('RevokeLease', { lease_id, reason: 'a test' });
    const [first] = answers;
    expect(first).toMatchObject({ lease: { state: 'LEASE_STATE_REVOKED', presumed_tokens: 1_000 } });
    for (const answer of answers) expect(answer).toEqual(first);
  });

  it('PauseBudget and ResumeBudget switch once', async () => {
    const paused = await admin('PauseBudget', { budget_id: BUDGET, reason: 'a test' });
    expect(paused[0]).toMatchObject({ budget: { pause: { reason: 'a test' } } });
    for (const answer of paused) expect(answer).toEqual(paused[0]);
    const resumed = await admin('ResumeBudget', { budget_id: BUDGET });
    expect(resumed[0]).not.toHaveProperty('budget.pause');
    for (const answer of resumed) expect(answer).toEqual(resumed[0]);
  });

  it('UpdateBudget creates one budget where it may, and changes it once', async () => {
    const etags = new Set<string>();
    for (const max_concurrent of [3, 4]) {
      const policy = { ...ROOMY_MESSAGE, max_concurrent };
      const request = { budget_id: 'put-16-times', policy, allow_missing: true };
      for (const { budget } of (await admin('UpdateBudget', request)) as Put[]) {
        expect(budget).toMatchObject({ policy: { max_concurrent } });
        etags.add(budget.etag);
      }
    }
    expect(etags.size).toBe(2);
  });

  it('CreateBudget creates once, and says so to the others', async () => {
    const request = { budget_id: 'created-16-times', policy: ROOMY_MESSAGE };
    const results = await Promise.allSettled(
      Array.from({ length: 16 }, () => replicas.clients().admin('CreateBudget', request)),
    );
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused.map(({ reason }) => reason.code)).toEqual(Array(15).fill(status.ALREADY_EXISTS));
  });

  it('DeleteBudget deletes once', async () => {
    await put('deleted');
    const answers = await admin('DeleteBudget', { budget_id: 'deleted' });
    for (const answer of answers) expect(answer).toEqual({});
    const { budgets } = await replicas
      .clients()
      .admin<{ budgets: { budget_id: string }[] }>('ListBudgets', {});
    expect(budgets.map(({ budget_id }) => budget_id)).not.toContain('deleted');
  });
});

/** One call had the effect, and the others got its answer. Returns that. */
function expectOnce(answers: readonly Answer[]): Answer {
  const effects = answers.filter(({ replayed }) => replayed === false);
  expect(effects).toHaveLength(1);
  const [effect] = effects.map(withoutAge);
  for (const answer of answers) {
    expect(withoutAge(answer)).toEqual({ ...effect, replayed: answer['replayed'] });
  }
  return effect ?? {};
}

/** All but the time that the lease has left, which each answer says anew. */
function withoutAge(answer: Answer): Answer {
  const { expires_in: _, ...rest } = answer;
  const { lease } = rest;
  return lease === undefined || lease === null ? rest : { ...rest, lease: withoutAge(lease as Answer) };
}
