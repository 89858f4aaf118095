import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LoadedClients } from '../support/loaded-client.js';
import { type Service, startService } from '../support/service.js';
import { output, PACKAGE, pythonWithPackage } from './python.js';
import { freePort } from './support/free-port.js';

const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url));
/** What the vendor of the package's tests counts for each call. */
const OF_A_CALL = 150;

interface Stats {
  readonly distribution_stats: {
    readonly monthly_distribution: { readonly total_tokens: number };
    readonly presumed_tokens: number;
  };
}

describe('the examples of servers', () => {
  let service: Service;
  let clients: LoadedClients;
  let python: string;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    python = await pythonWithPackage('litellm');
    service = await startService();
    clients = new LoadedClients(service.grpcAddress);
  }, 900_000);
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    clients?.close();
    await service?.stop();
  });

  const createBudget = (name: string) =>
    clients.admin('CreateBudget', {
      budget_id: name,
      preset: 'PRESET_CALLS',
      policy: { monthly_limit: 1_000_000_000 },
    });
  const spent = async (budget: string) =>
    ((await clients.call('GetDistribution', { budget_id: budget })) as unknown as Stats).distribution_stats;

  function start(args: readonly string[], folder: string, env: Record<string, string>): ChildProcess {
    const settings = { BUDGET_ARBITER_ADDRESS: service.grpcAddress, LITELLM_LOCAL_MODEL_COST_MAP: 'True' };
    const own = { ...process.env, PYTHONDONTWRITEBYTECODE: '1', ...settings, ...env };
    const child = spawn(python, args, {
      cwd: EXAMPLES + folder,
      env: own,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    children.push(child);
    return child;
  }

  async function answers(url: string): Promise<void> {
    await expect.poll(() => fetch(url).then(({ status }) => status, String), { timeout: 120_000 }).toBe(200);
  }

  it('litellm: twenty calls and streams at once are booked exactly', async () => {
    await createBudget('llm');
    const url = `http://127.0.0.1:${await freePort()}`;
    const litellm = path.join(path.dirname(python), 'litellm');
    const args = [
      litellm,
      '--config',
      'config.yaml',
      '--host',
      '127.0.0.1',
      '--port',
      url.split(':')[2] ?? '',
    ];
    start(args, 'litellm', { BUDGET_ARBITER_BUDGET: 'llm' });
    await answers(`${url}/health/liveliness`);
    const tokens = await output(python, ['ask.py'], { cwd: `${EXAMPLES}litellm`, env: { LITELLM_URL: url } });
    expect(Number(tokens)).toBeGreaterThan(100);
    await expect
      .poll(() => spent('llm'), { timeout: 20_000 })
      .toMatchObject({
        monthly_distribution: { total_tokens: Number(tokens) },
        presumed_tokens: 0,
      });
  });

  it('fastapi: calls and streams are booked, and a denial is an answer', async () => {
    await createBudget('web');
    const vendor = start([`${PACKAGE}/tests/vendor.py`], 'fastapi', { PYTHONPATH: `${PACKAGE}/tests` });
    if (vendor.stdout === null) throw new Error('no output');
    const [vendorUrl] = (await once(createInterface({ input: vendor.stdout }), 'line')) as [string];
    const port = String(await freePort());
    start(['-m', 'uvicorn', 'app:app', '--port', port], 'fastapi', {
      BUDGET_ARBITER_BUDGET: 'web',
      BUDGET_ARBITER_AI: 'web',
      BUDGET_ARBITER_PATIENCE: '0',
      OPENAI_BASE_URL: vendorUrl,
      OPENAI_API_KEY: 'k',
    });
    const url = `http://127.0.0.1:${port}`;
    await answers(`${url}/openapi.json`);
    expect(await (await fetch(`${url}/ask?question=why`)).json()).toEqual({ answer: 'one two three four ' });
    expect(await (await fetch(`${url}/stream?question=why`)).text()).toBe('one two three four ');
    await expect
      .poll(() => spent('web'), { timeout: 20_000 })
      .toMatchObject({ monthly_distribution: { total_tokens: 2 * OF_A_CALL }, presumed_tokens: 0 });
    await clients.admin('PauseBudget', { budget_id: 'web' });
    const denied = await fetch(`${url}/ask?question=why`);
    expect(denied.status).toBe(503);
    expect(await denied.json()).toMatchObject({ error: { rules: ['PAUSED'] } });
  });
});
