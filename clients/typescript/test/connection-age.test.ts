import { afterAll, beforeAll, expect, it } from 'vitest';
import { LoadedClients } from '../../../test/support/loaded-client.js';
import { type Service, startService } from '../../../test/support/service.js';
import { BudgetClient } from '../src/index.js';

const AGES = 3;
const REPORT = { input: 100, output: 50 };
const SILENT = { warn: () => {}, error: () => {} };

let service: Service;
let admin: LoadedClients;
beforeAll(async () => {
  service = await startService({ env: { GRPC_MAX_CONNECTION_AGE: '1s' } });
  admin = new LoadedClients(service.grpcAddress);
  const policy = { monthly_limit: 1_000_000_000, session_grace: { seconds: 5 } };
  await admin.admin('CreateBudget', { budget_id: 'aged', preset: 'PRESET_CALLS', policy });
});
afterAll(async () => {
  admin?.close();
  await service?.stop();
});

/** Sessions that have ended: one for each age of a connection. */
async function endedSessions(): Promise<number> {
  const page = await (await fetch(`http://${service.httpAddress}/metrics`)).text();
  const counts = page.matchAll(/^budget_arbiter_rpc_duration_seconds_count\{.*\/Session".*\} (\d+)$/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

it('a slot is held, and calls go on, over several ages of the connection: no lease is lost, nothing is booked twice', async () => {
  const client = new BudgetClient({
    ...{ address: service.grpcAddress, budget: 'aged', ai: 'guardian', patience: 20, logger: SILENT },
  });
  const slot = await client.acquire({ estimate: 1_000, wait: 5 });
  let calls = 0;
  while ((await endedSessions()) < AGES) {
    await client.withSlot({ estimate: 1_000, wait: 5 }, async (own) => own.report(REPORT));
    calls += 1;
    expect(slot.lost.aborted).toBe(false);
  }
  slot.report(REPORT);
  await slot.end();
  await client.close(5);
  const { leases } = await admin.admin<{
    leases: { lease_id: string; state: string; presumed_tokens: string }[];
  }>('ListLeases', { budget_id: 'aged', include_closed: true, page_size: 1_000 });
  const released = leases.filter(({ state }) => state === 'LEASE_STATE_RELEASED');
  expect(released).toHaveLength(leases.length);
  expect(leases.reduce((sum, lease) => sum + Number(lease.presumed_tokens), 0)).toBe(0);
  const { distribution_stats: stats } = await admin.call<{
    distribution_stats: { monthly_distribution: { total_tokens: string }; calls: string };
  }>('GetDistribution', { budget_id: 'aged' });
  expect(Number(stats.calls)).toBe(calls + 1);
  expect(Number(stats.monthly_distribution.total_tokens)).toBe(150 * (calls + 1));
});
