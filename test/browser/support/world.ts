import type { Access } from '../../../src/access/access.js';
import type { Services } from '../../../src/api/service.js';
import { Arbiter } from '../../../src/arbiter/arbiter.js';
import { getDistribution } from '../../../src/arbiter/distribution.js';
import { listUsage } from '../../../src/arbiter/usage-listing.js';
import type { PolicyFields } from '../../../src/domain/model/policy.js';
import { rpcEndpoints } from '../../../src/http/connect/endpoints.js';
import { createDashboard } from '../../../src/http/dashboard/dashboard.js';
import { createHttpServer } from '../../../src/http/server.js';
import { computedMs, PROCESS_TIME } from '../../../src/platform/clock.js';
import { randomIds } from '../../../src/platform/ids.js';
import { PROCESS_SCHEDULER } from '../../../src/platform/scheduler.js';
import { Slices, simulatePolicy } from '../../../src/replay/simulate-policy.js';
import { openMemoryStore } from '../../../src/store/memory/memory-store.js';
import { caller } from '../../support/caller.js';
import { collectedLog } from '../../support/collected-log.js';
import { FaultyStore } from '../../support/faulty-store.js';
import { acquire, leaseOf, usage } from '../../support/requests.js';
import { FlowingClock } from './flowing-clock.js';

export const NOW = '2026-11-24T14:20:00Z';

export type World = Awaited<ReturnType<typeof openWorld>>;

/** The service over a store in memory, with a month behind it if a test wants one. */
export async function openWorld({ access, port = 0 }: { access?: Access; port?: number } = {}) {
  const clock = new FlowingClock(NOW);
  const store = new FaultyStore(await openMemoryStore({ exclusive: false }));
  const log = collectedLog();
  const scheduler = PROCESS_SCHEDULER;
  const arbiter = new Arbiter({
    ...{ store, clock, log, copyId: 'replica', maxSkewMs: 2_000, scheduler },
    bounds: { requestMs: 1_000 },
  });
  arbiter.start();
  const ids = randomIds();
  const shared = { servicePort: arbiter, access, scheduler, log, ids };
  const dashboard = createDashboard({ ...shared, time: clock, version: '0.1.0' });
  const simulated: Services['simulatePolicy'] = (...asked) =>
    simulatePolicy(
      ...asked,
      new Slices(scheduler, { monotonic: PROCESS_TIME.monotonic, computed: computedMs }),
    );
  const http = createHttpServer({
    address: { host: '127.0.0.1', port, text: `127.0.0.1:${port}` },
    defaultBudget: 'anthropic',
    getDistribution: (budgetId, query) => getDistribution(arbiter, budgetId, query, caller()),
    ready: () => true,
    rpcs: rpcEndpoints({
      ...shared,
      defaultBudget: 'anthropic',
      getDistribution,
      listUsage,
      listDenials: (servicePort, ...asked) => servicePort.denials(...asked),
      simulatePolicy: simulated,
    }),
    ...{ dashboard, log, ids, access },
  });
  const url = `http://127.0.0.1:${await http.start()}`;
  return {
    ...{ clock, store, log, arbiter, url, http },
    async put(budgetId: string, fields: PolicyFields) {
      const outcome = await arbiter.submit(budgetId, { kind: 'put-policy', fields }, caller());
      if (outcome.kind === 'refused') throw new Error(JSON.stringify(outcome));
    },
    /** Spends without a lease. */
    spend(budgetId: string, aiId: string, usageId: string, total: number, model = 'claude-sonnet-4') {
      const report = { kind: 'record-unleased', aiId, usage: usage(usageId, total, model) } as const;
      return arbiter.submit(budgetId, report, caller());
    },
    async hold(budgetId: string, aiId: string, estimatedTokens: number, used = 0) {
      const outcome = await arbiter.submit(budgetId, acquire(aiId, { estimatedTokens }), caller());
      const lease = leaseOf(outcome);
      const report = usage(`${lease.leaseId}-used`, used, 'claude-sonnet-4');
      if (used > 0) await arbiter.submit(budgetId, { kind: 'record', lease, usage: report }, caller());
      return lease;
    },
    ask(budgetId: string, aiId: string, estimatedTokens: number) {
      return arbiter.submit(budgetId, acquire(aiId, { estimatedTokens }), caller());
    },
    async stop() {
      store.healthy();
      await http.stop(0);
      await arbiter.stop();
    },
  };
}
