import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FaultyProxy } from '../support/faulty-proxy.js';
import { LoadedClients } from '../support/loaded-client.js';
import { type Service, startService } from '../support/service.js';
import { type PrintedSlot, printedSlots, readExamples, runIn } from './example.js';

const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url));
const CALLS = 4;
const TOKENS = 101;

/** The rows of the table of sessions in `examples/README.md`. */
const sessions = [
  ...readFileSync(`${EXAMPLES}README.md`, 'utf8').matchAll(
    /^\| (\S+) \| `([a-z]+)\/` \| `([^`]+)` \| `session/gm,
  ),
].map(([, language = '', folder = '', run = '']) => ({ language, folder, run }));

describe('the examples in a session', () => {
  let service: Service;
  let clients: LoadedClients;
  let proxy: FaultyProxy;

  beforeAll(async () => {
    service = await startService();
    clients = new LoadedClients(service.grpcAddress);
    const [host = '', port = ''] = service.grpcAddress.split(':');
    proxy = await FaultyProxy.start(host, Number(port));
    for (const example of readExamples()) {
      if (!sessions.some(({ folder }) => folder === example.folder)) continue;
      for (const command of example.build) await runIn(example.folder, command);
    }
  }, 300_000);
  afterAll(async () => {
    clients?.close();
    await proxy?.stop();
    await service?.stop();
  });

  it('are in the table, in two languages', () => {
    expect(sessions.map(({ language }) => language)).toEqual(['TypeScript', 'Python']);
  });

  it.each(sessions)(
    '$language: spends what it says, though its connection is cut',
    async ({ folder, run }) => {
      const budget = `session-${folder}`;
      await clients.admin('CreateBudget', {
        budget_id: budget,
        policy: { monthly_limit: 1_000_000_000, max_hourly_percent: 8, cooldown: { seconds: 1 } },
      });
      const child = spawn(run, {
        cwd: EXAMPLES + folder,
        env: {
          ...process.env,
          ...{ ARBITER_ADDRESS: `127.0.0.1:${proxy.port}`, BUDGET_ID: budget, AI_ID: folder },
          ...{ CALLS: String(CALLS), TOKENS: String(TOKENS), WAIT_SECONDS: '5' },
        },
        shell: true,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const slots: PrintedSlot[] = [];
      for await (const line of createInterface({ input: child.stdout })) {
        slots.push(...printedSlots(line));
        // Wherever it is in its next call: all that is under way is lost.
        proxy.line = 'cut';
        proxy.line = 'open';
      }
      expect(slots.map((slot) => slot.charged)).toEqual(Array(CALLS).fill(TOKENS));
      expect(await clients.call('GetDistribution', { budget_id: budget })).toMatchObject({
        distribution_stats: {
          monthly_distribution: { total_tokens: CALLS * TOKENS },
          rate_limiting_status: { active_requests: 0 },
          presumed_tokens: 0,
        },
      });
    },
  );
});
