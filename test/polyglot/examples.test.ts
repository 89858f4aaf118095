import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LoadedClients } from '../support/loaded-client.js';
import { type Service, startService } from '../support/service.js';
import { type PrintedSlot, printedSlots, readExamples, runIn } from './example.js';

const BUDGET = 'shared';
const CALLS = 3;
const TOKENS = 101;
const COOLDOWN_S = 2;
const examples = readExamples();

interface Watched {
  denials: { rule: string; count: number }[];
}

describe('the examples', () => {
  let service: Service;
  let clients: LoadedClients;

  beforeAll(async () => {
    service = await startService();
    clients = new LoadedClients(service.grpcAddress);
    await clients.admin('CreateBudget', {
      budget_id: BUDGET,
      policy: {
        monthly_limit: 1_000_000_000,
        max_hourly_percent: 8,
        cooldown: { seconds: COOLDOWN_S },
        // Short, since a denial for want of a slot points to the end of a lease.
        lease_ttl: { seconds: 2 },
        max_concurrent: 2,
      },
    });
  });

  afterAll(async () => {
    clients?.close();
    await service?.stop();
  });

  it('are in the table, in four languages', () => {
    expect(examples.map((example) => example.language)).toEqual(['TypeScript', 'Python', 'Go', 'Java']);
  });

  it.each(examples)('build: $language', async ({ folder, build }) => {
    for (const command of build) await runIn(folder, command);
  });

  it('have no type errors in TypeScript', async () => {
    await runIn('typescript', 'npm run --silent check');
  });

  it('share one budget, all at once', async () => {
    const watch = clients.watch(BUDGET);
    const denials: Record<string, number> = {};
    watch.on('data', (update: Watched) => {
      for (const { rule, count } of update.denials) denials[rule] = (denials[rule] ?? 0) + count;
    });
    watch.on('error', () => {});

    const slots = await Promise.all(examples.map(({ folder, run }) => runAi(folder, run)));
    // Denials are told with the next message, which comes within a second.
    await once(watch, 'data');
    await once(watch, 'data');
    watch.cancel();

    for (const own of slots) {
      expect(own.map((slot) => slot.charged)).toEqual(Array(CALLS).fill(TOKENS));
      for (const slot of own.slice(1)) expect(slot.denied_first).toContain('COOLDOWN');
    }
    const fences = slots.flat().map((slot) => slot.fence);
    expect(new Set(fences).size).toBe(examples.length * CALLS);
    // Who honours `retry_after` meets the cooldown once per call, and never comes back too early.
    expect(denials['RULE_COOLDOWN']).toBe(examples.length * (CALLS - 1));
    await expectBooks(slots);
  });

  function runAi(folder: string, run: string): Promise<PrintedSlot[]> {
    const env = {
      ARBITER_ADDRESS: service.grpcAddress,
      BUDGET_ID: BUDGET,
      AI_ID: folder,
      CALLS: String(CALLS),
      TOKENS: String(TOKENS),
      WAIT_SECONDS: '0',
      PATIENCE_SECONDS: '120',
    };
    return runIn(folder, run, env).then(printedSlots);
  }

  async function expectBooks(slots: PrintedSlot[][]): Promise<void> {
    const charged = slots.flat().reduce((sum, slot) => sum + slot.charged, 0);
    expect(await clients.call('GetDistribution', { budget_id: BUDGET })).toMatchObject({
      distribution_stats: {
        monthly_distribution: { total_tokens: charged },
        rate_limiting_status: { active_requests: 0 },
        by_ai: expect.arrayContaining(
          examples.map(({ folder }) => expect.objectContaining({ ai_id: folder, tokens: CALLS * TOKENS })),
        ),
        presumed_tokens: 0,
      },
    });
    expect(await clients.admin('ListLeases', { budget_id: BUDGET })).toMatchObject({ leases: [] });
  }
});
