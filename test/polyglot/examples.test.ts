import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FaultyProxy } from '../support/faulty-proxy.js';
import { LoadedClients } from '../support/loaded-client.js';
import { type Service, startService } from '../support/service.js';
import { type Example, type PrintedSlot, printedSlots, readExamples, runIn } from './example.js';

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
  });

  afterAll(async () => {
    clients?.close();
    await service?.stop();
  });

  it('are in the table, in four languages', () => {
    expect(examples.map((example) => example.language)).toEqual(['TypeScript', 'Python', 'Go', 'Java']);
  });

  it.each(examples.filter(({ build }) => build.length > 0))('build: $language', async ({ folder, build }) => {
    for (const command of build) await runIn(folder, command);
  });

  it('have no type errors in TypeScript', async () => {
    await runIn('typescript', 'npm run --silent check');
  });

  it('share one budget, all at once', async () => {
    await createBudget(BUDGET, {
      cooldown: { seconds: COOLDOWN_S },
      // Short, since a denial for want of a slot points to the end of a lease.
      lease_ttl: { seconds: 2 },
      max_concurrent: 2,
    });
    const watch = clients.watch(BUDGET);
    const denials: Record<string, number> = {};
    watch.on('data', (update: Watched) => {
      for (const { rule, count } of update.denials) denials[rule] = (denials[rule] ?? 0) + count;
    });
    watch.on('error', () => {});

    const env = { ARBITER_ADDRESS: service.grpcAddress, BUDGET_ID: BUDGET, WAIT_SECONDS: '0' };
    const slots = await Promise.all(examples.map((example) => runAi(example, env)));
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
    await expectBooks(slots, BUDGET, examples);
  });

  it.each(examples)('spend what they say, though their connections are cut: $language', async (example) => {
    const budget = `cut-${example.folder}`;
    await createBudget(budget, { cooldown: { seconds: 1 } });
    const [host = '', port = ''] = service.grpcAddress.split(':');
    const proxy = await FaultyProxy.start(host, Number(port));
    try {
      const env = { ARBITER_ADDRESS: `127.0.0.1:${proxy.port}`, BUDGET_ID: budget, WAIT_SECONDS: '5' };
      const slots = await runAi(example, env, () => {
        // Wherever it is in its next call: all that is under way is lost.
        proxy.line = 'cut';
        proxy.line = 'open';
      });
      expect(slots.map((slot) => slot.charged)).toEqual(Array(CALLS).fill(TOKENS));
      await expectBooks([slots], budget, [example]);
    } finally {
      await proxy.stop();
    }
  });

  const createBudget = (name: string, policy: object) =>
    clients.admin('CreateBudget', {
      budget_id: name,
      policy: { monthly_limit: 1_000_000_000, max_hourly_percent: 8, ...policy },
    });

  async function runAi(
    { folder, run }: Example,
    env: Record<string, string>,
    onPrinted?: () => void,
  ): Promise<PrintedSlot[]> {
    const own = { AI_ID: folder, CALLS: String(CALLS), TOKENS: String(TOKENS), PATIENCE_SECONDS: '120' };
    return printedSlots(await runIn(folder, run, { ...own, ...env }, onPrinted));
  }

  async function expectBooks(
    slots: readonly PrintedSlot[][],
    budget: string,
    of: readonly Example[],
  ): Promise<void> {
    const charged = slots.flat().reduce((sum, slot) => sum + slot.charged, 0);
    expect(await clients.call('GetDistribution', { budget_id: budget })).toMatchObject({
      distribution_stats: {
        monthly_distribution: { total_tokens: charged },
        rate_limiting_status: { active_requests: 0 },
        by_ai: expect.arrayContaining(
          of.map(({ folder }) => expect.objectContaining({ ai_id: folder, tokens: CALLS * TOKENS })),
        ),
        presumed_tokens: 0,
      },
    });
    expect(await clients.admin('ListLeases', { budget_id: budget })).toMatchObject({ leases: [] });
  }
});
