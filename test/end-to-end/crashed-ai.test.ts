import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ROOMY_MESSAGE } from '../support/policies.js';
import { type AcquireAnswer, type Lease, toMs } from './support/messages.js';
import { describeOnEveryStore } from './support/places.js';
import { Replicas } from './support/replicas.js';
import { until, untilTrue } from './support/until.js';

const BUDGET = 'crashed';
const DYING_AI = fileURLToPath(new URL('support/dying-ai.ts', import.meta.url));
const TTL_SECONDS = 2;
const WITHIN_MS = 1_000;

describeOnEveryStore('an AI that dies holding a slot', (place) => {
  let replicas: Replicas;
  beforeAll(async () => {
    replicas = await Replicas.start(place);
    const policy = { ...ROOMY_MESSAGE, max_concurrent: 1 };
    await replicas.clients().admin('CreateBudget', { budget_id: BUDGET, policy });
  });
  afterAll(() => replicas?.stop());

  const lease = async (lease_id: string) =>
    (await replicas.clients().call<{ lease: Lease }>('GetLease', { lease_id })).lease;

  /** Of a process that renewed its lease at least once, and was killed. */
  async function leaseOfTheDead(): Promise<Lease> {
    const { grpcAddress } = replicas.replica(0).service;
    const args = ['--import', 'tsx', DYING_AI, grpcAddress, BUDGET, String(TTL_SECONDS)];
    const ai = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const [leaseId] = (await once(ai.stdout, 'data')) as [Buffer];
    const { lease_id, expires_at } = await lease(leaseId.toString().trim());
    await untilTrue('it renews', async () => toMs((await lease(lease_id)).expires_at) > toMs(expires_at));
    ai.kill('SIGKILL');
    await once(ai, 'close');
    return lease(lease_id);
  }

  it('leaves it to one that waits, within a second of the end of its lease', async () => {
    const left = await leaseOfTheDead();
    const answer = await replicas.clients(1).call<AcquireAnswer>('AcquireSlot', {
      budget_id: BUDGET,
      ai_id: 'waiting',
      estimated_tokens: 1_000,
      wait: { seconds: 15 },
    });
    const waited = Date.now() - toMs(left.expires_at);
    expect(answer.outcome).toBe('granted');
    const next = answer.granted?.lease;
    const gap = toMs(next?.granted_at ?? { seconds: 0, nanos: 0 }) - toMs(left.expires_at);
    console.info(`granted ${gap} ms after the end of the lease, answered after ${Math.round(waited)} ms`);
    expect(next?.fence).toBeGreaterThan(left.fence);
    expect(gap).toBeGreaterThanOrEqual(0);
    expect(gap).toBeLessThan(WITHIN_MS);
    expect(waited).toBeLessThan(WITHIN_MS);
  });

  it('leaves a line in the log', async () => {
    const { logs } = replicas.replica(0).service;
    const all = () => [...logs, ...replicas.replica(1).service.logs];
    await until('a log line about the expiry', () =>
      all().find(({ ai, msg }) => ai === 'dying' && /expired/.test(`${msg}`)),
    );
  });
});
