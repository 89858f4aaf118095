import { credentials, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  HealthClient,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from '../../src/gen/grpc/health/v1/health.js';
import { errorOf } from '../support/loaded-client.js';
import { ROOMY_MESSAGE } from '../support/policies.js';
import { randomFrom } from '../support/seed.js';
import { expectBooked } from './support/books.js';
import { Load } from './support/load.js';
import type { LeasesAnswer } from './support/messages.js';
import { describeOnEveryStore } from './support/places.js';
import { Replicas } from './support/replicas.js';
import { untilTrue } from './support/until.js';
import { total, usageDocuments } from './support/usage-documents.js';

const WITHIN_MS = 10_000;

describeOnEveryStore(
  'a service that gets SIGTERM',
  (place) => {
    let replicas: Replicas;
    beforeAll(async () => {
      replicas = await Replicas.start(place);
    });
    afterAll(() => replicas?.stop());

    const put = (budget_id: string, policy: object = {}) =>
      replicas.clients().admin('CreateBudget', { budget_id, policy: { ...ROOMY_MESSAGE, ...policy } });

    it('goes on where it stopped, and loses nothing of what was under way', async () => {
      await put('under-way', { max_concurrent: 6 });
      const load = new Load(replicas, 'under-way', randomFrom(7));
      const working = load.work(12);
      await untilTrue('the load has begun', () => load.reports > 100);
      const { code, ms } = await replicas.terminate(0);
      console.info(`stopped under load within ${Math.round(ms)} ms`);
      expect(code).toBe(0);
      expect(ms).toBeLessThan(WITHIN_MS);
      await replicas.restart(0);
      const before = load.reports;
      await untilTrue('the load goes on', () => load.reports > before + 50, 20_000);
      load.stop();
      await working;
      await expectBooked(place, replicas.clients(), 'under-way', load);
    });

    it('turns NOT_SERVING, tells those who wait, ends streams and writes everything out', async () => {
      await put('waited-for', { max_concurrent: 1 });
      const unleased = { budget_id: 'waited-for', ai_id: 'spender' };
      const ask = (ai_id: string) => ({ budget_id: 'waited-for', ai_id, estimated_tokens: 10 });
      await replicas.clients().call('AcquireSlot', ask('holder'));
      const health = healthOf(replicas.replica(0).service.grpcAddress);
      await untilTrue('health is known', () => health.seen.length === 1);
      const watch = replicas.clients().watch('waited-for');
      let waiters = 0;
      const ended = new Promise<{ code: number }>((resolve) =>
        watch.on('error', (error) => resolve(error as never)),
      );
      watch.on('data', (update: { waiters: number }) => {
        waiters = update.waiters;
      });
      const waiting = ['a', 'b', 'c'].map((ai) =>
        errorOf(replicas.clients().call('AcquireSlot', { ...ask(ai), wait: { seconds: 60 } })),
      );
      await untilTrue('they wait', () => waiters === waiting.length);
      for (let report = 0; report < 40; report += 1) {
        const usage = { usage_id: `report-${report}`, tokens: { total_tokens: 25 } };
        await replicas.clients().call('RecordUsage', { unleased, usage });
      }

      const { code, ms } = await replicas.terminate(0);
      expect({ code, inTime: ms < WITHIN_MS }).toEqual({ code: 0, inTime: true });
      expect(health.seen).toEqual([ServingStatus.SERVING, ServingStatus.NOT_SERVING]);
      expect(await health.ended).toBe(status.UNAVAILABLE);
      expect((await ended).code).toBe(status.UNAVAILABLE);
      for (const error of await Promise.all(waiting)) {
        const details = { ErrorInfo: { reason: 'SHUTTING_DOWN' }, RetryInfo: expect.anything() };
        expect(error).toMatchObject({ code: status.UNAVAILABLE, details });
      }
      if (place.mongo !== undefined) {
        const documents = await usageDocuments(place, 'waited-for');
        expect(total(documents.map((document) => document.total))).toBe(40 * 25);
      }

      await replicas.restart(0);
      const { leases } = await replicas
        .clients()
        .admin<LeasesAnswer>('ListLeases', { budget_id: 'waited-for' });
      expect(leases.map(({ ai_id }) => ai_id)).toEqual(['holder']);
      expect(await replicas.clients().call('GetDistribution', { budget_id: 'waited-for' })).toMatchObject({
        distribution_stats: { monthly_distribution: { total_tokens: 40 * 25 } },
      });
    });
  },
  1,
);

/** What a load balancer sees. */
function healthOf(address: string): { seen: ServingStatus[]; ended: Promise<number> } {
  const client = new HealthClient(address, credentials.createInsecure());
  const stream = client.watch({ service: '' });
  const seen: ServingStatus[] = [];
  stream.on('data', (answer: { status: ServingStatus }) => seen.push(answer.status));
  const ended = new Promise<number>((resolve) => {
    stream.on('error', (error) => resolve((error as unknown as { code: number }).code));
  });
  return { seen, ended: ended.finally(() => client.close()) };
}
