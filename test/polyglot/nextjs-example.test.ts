import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LoadedClients } from '../support/loaded-client.js';
import { type Service, startService } from '../support/service.js';
import { TOTALS, VendorServer } from '../support/vendor-server.js';
import { freePort } from './support/free-port.js';
import { type NpmProject, npmProject } from './support/npm-project.js';

const EXAMPLE = fileURLToPath(new URL('../../examples/nextjs/', import.meta.url));
const NEXT = 'node_modules/next/dist/bin/next';
/** As `app/model.ts` has it. */
const ESTIMATE = 1_500;
const COOLDOWN_S = 40;

describe('the example of Next.js', () => {
  let service: Service;
  let clients: LoadedClients;
  let vendor: VendorServer;
  let project: NpmProject;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    service = await startService();
    clients = new LoadedClients(service.grpcAddress);
    vendor = await VendorServer.start();
    project = await npmProject({}, EXAMPLE);
    await project.run(`${NEXT} build`, { NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' });
  }, 600_000);
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    clients?.close();
    await vendor?.stop();
    await service?.stop();
    await project?.remove();
  });

  /** A server of the built example whose vendor behaves so. Returns its route. */
  async function start(budget: string, behaviour: 'ok' | 'hangs', policy: object): Promise<string> {
    await clients.admin('CreateBudget', {
      ...{ budget_id: budget, preset: 'PRESET_CALLS' },
      policy: { monthly_limit: 1_000_000_000, ...policy },
    });
    const port = String(await freePort());
    const own = {
      BUDGET_ARBITER_ADDRESS: service.grpcAddress,
      BUDGET_ARBITER_BUDGET: budget,
      BUDGET_ARBITER_AI: 'web',
      OPENAI_BASE_URL: vendor.base(behaviour),
      OPENAI_API_KEY: 'key',
      NEXT_TELEMETRY_DISABLED: '1',
    };
    const env = { ...process.env, NODE_ENV: 'production' as const, ...own };
    const args = [NEXT, 'start', '--hostname', '127.0.0.1', '--port', port];
    children.push(spawn(process.execPath, args, { cwd: project.folder, env, stdio: 'ignore' }));
    const url = `http://127.0.0.1:${port}`;
    const status = () => fetch(`${url}/nothing-here`).then((answer) => answer.status, String);
    await expect.poll(status, { timeout: 60_000 }).toBe(404);
    return `${url}/ask?question=why`;
  }

  const spent = async (budget: string) =>
    (await clients.call<{ distribution_stats: object }>('GetDistribution', { budget_id: budget }))
      .distribution_stats;

  it('books an answer as the vendor counted it, and says 429 when the budget refuses', async () => {
    const url = await start('next', 'ok', { cooldown: { seconds: COOLDOWN_S } });
    const answer = await fetch(url);
    expect([answer.status, await answer.text()]).toEqual([200, 'Say it in six little words']);
    const denied = await fetch(url);
    expect(denied.status).toBe(429);
    const seconds = Number(denied.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(COOLDOWN_S);
    expect(await denied.json()).toMatchObject({ error: { rules: ['COOLDOWN'] } });
    await expect
      .poll(() => spent('next'), { timeout: 20_000 })
      .toMatchObject({
        monthly_distribution: { total_tokens: TOTALS.responses },
        presumed_tokens: 0,
      });
  });

  it('streams: words are there before the answer is, and a caller who leaves ends the call', async () => {
    const url = await start('next-hangs', 'hangs', {});
    const leaves = new AbortController();
    const answer = await fetch(url, { signal: leaves.signal });
    const { value } = await (answer.body as ReadableStream<Uint8Array>).getReader().read();
    expect(Buffer.from(value ?? []).toString()).toMatch(/^Say/);
    leaves.abort();
    await expect
      .poll(() => spent('next-hangs'), { timeout: 20_000 })
      .toMatchObject({ presumed_tokens: ESTIMATE, rate_limiting_status: { active_requests: 0 } });
  });
});
