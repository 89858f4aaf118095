import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { otherPythons, pythonWith } from '../../scripts/polyglot/python-with.js';
import { LoadedClients } from '../support/loaded-client.js';
import { type Service, startService } from '../support/service.js';
import { builtWheel, output, PACKAGE, pythonWithPackage, readmeBlocks } from './python.js';

const BUDGET = 'anthropic';
const pythons = await otherPythons();

describe('the Python package', () => {
  let empty: string;
  let service: Service;
  let clients: LoadedClients;

  beforeAll(async () => {
    // The first time takes minutes.
    for (const name of ['base', 'sdk', 'litellm', 'oldest']) await pythonWithPackage(name);
    empty = await mkdtemp(path.join(tmpdir(), 'budget-arbiter-empty-'));
    service = await startService({ env: { DEFAULT_BUDGET: 'default' } });
    clients = new LoadedClients(service.grpcAddress);
    const policy = { monthly_limit: 1_000_000_000 };
    await clients.admin('CreateBudget', { budget_id: BUDGET, preset: 'PRESET_CALLS', policy });
  }, 900_000);
  afterAll(async () => {
    clients?.close();
    await service?.stop();
    await rm(empty, { recursive: true, force: true });
  });

  /** In a folder that has nothing of the source, so that what runs is what was installed. */
  const inEmpty = (python: string, args: readonly string[], env: Record<string, string> = {}) =>
    output(python, args, { cwd: empty, env: { BUDGET_ARBITER_ADDRESS: service.grpcAddress, ...env } });
  const suite = (python: string, files: readonly string[], env: Record<string, string> = {}) =>
    inEmpty(
      python,
      [
        ...['-m', 'pytest', '-p', 'no:cacheprovider', '-c', `${PACKAGE}/pyproject.toml`],
        ...files.map((file) => `${PACKAGE}/tests/${file}`),
      ],
      env,
    );
  const spent = async () => {
    const answer = (await clients.call('GetDistribution', { budget_id: BUDGET })) as {
      distribution_stats: { monthly_distribution: { total_tokens: number } };
    };
    return answer.distribution_stats.monthly_distribution.total_tokens;
  };

  it('has the version of the service, types, and no other dependency than gRPC and protobuf', async () => {
    const python = await pythonWithPackage('base');
    const said = await inEmpty(python, [
      '-c',
      'import json, importlib.metadata as m, importlib.resources as r, budget_arbiter as b;' +
        'd = m.metadata("budget-arbiter");' +
        'print(json.dumps([d["Version"], b.__version__, m.requires("budget-arbiter"), (r.files(b) / "py.typed").is_file()]))',
    ]);
    const version = JSON.parse(await output('cat', [path.join(PACKAGE, '../../package.json')]))
      .version as string;
    const [declared, own, requires, typed] = JSON.parse(said) as [string, string, string[], boolean];
    expect([declared, own, typed]).toEqual([version, version, true]);
    expect(requires.filter((one) => !one.includes('extra ==')).map((one) => one.split(/[<>=]/)[0])).toEqual([
      'grpcio',
      'protobuf',
    ]);
  });

  it('has its licence and its changelog in what is built', async () => {
    const wheel = await builtWheel();
    const sources = wheel.replace(/-py3.*$/, '.tar.gz');
    for (const file of ['LICENSE', 'CHANGELOG.md']) {
      expect(await output('tar', ['-tzf', sources])).toContain(`/${file}\n`);
    }
    expect(await output('unzip', ['-l', wheel])).toContain('/licenses/LICENSE');
  });

  it('does what the five lines of the README say', async () => {
    const [slot = '', wrapping = ''] = readmeBlocks();
    for (const block of [slot, wrapping]) {
      const lines = block.split('\n').filter((line) => line !== '');
      expect(lines.length).toBeLessThanOrEqual(5);
    }
    const python = await pythonWithPackage('sdk');
    const before = await spent();
    const vendor = spawn(python, [`${PACKAGE}/tests/vendor.py`], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const [url = ''] = await new Promise<string[]>((resolve) =>
        createInterface({ input: vendor.stdout }).once('line', (line) => resolve([line])),
      );
      const call =
        'anthropic.messages.create(model="m", max_tokens=9, messages=[{"role": "user", "content": "hi"}])\n';
      await inEmpty(python, ['-c', wrapping + call], { ANTHROPIC_BASE_URL: url, ANTHROPIC_API_KEY: 'k' });
    } finally {
      vendor.kill();
    }
    expect((await spent()) - before).toBe(70 + 30 + 11 + 50);
    await inEmpty(python, ['-c', slot]);
    expect((await spent()) - before).toBe(161 + 2_000);
  });

  it('has a fake that does what the README says', async () => {
    const block = readmeBlocks().find((one) => one.includes('FakeClient')) ?? '';
    await inEmpty(await pythonWithPackage('base'), ['-c', block]);
  });

  it('passes its own tests', async () => {
    expect(await suite(await pythonWithPackage('base'), [''])).toMatch(/ passed/);
  });

  it('passes those with the libraries of the vendors', async () => {
    const said = await suite(await pythonWithPackage('sdk'), ['sdk']);
    expect(said).toMatch(/ passed/);
    expect(said).not.toMatch(/skipped/);
  });

  it('puts every call of a real LiteLLM proxy on a budget', async () => {
    const python = await pythonWithPackage('litellm');
    const said = await suite(python, ['litellm_proxy']);
    expect(said).toMatch(/ passed/);
    expect(said).not.toMatch(/skipped/);
  });

  it('runs on the oldest gRPC and protobuf that it names', async () => {
    const python = await pythonWithPackage('oldest');
    // As the README says of forks.
    const env = { GRPC_ENABLE_FORK_SUPPORT: '1' };
    expect(await suite(python, ['test_usage.py', 'test_client.py'], env)).toMatch(/ passed/);
  });

  it.each([...pythons])('runs on Python %s', async (_, interpreter) => {
    const python = await pythonWithPackage('base', interpreter);
    expect(
      await suite(python, ['test_usage.py', 'test_testing.py', 'test_turns.py', 'test_routes.py']),
    ).toMatch(/ passed/);
  });

  it('has the stubs of the protocol as it is', async () => {
    await output('sh', ['generate.sh']);
    await output('git', ['diff', '--exit-code', '--stat', '--', 'src/budget_arbiter/_gen']);
  });

  it('has no complaint of ruff and mypy', async () => {
    const python = await pythonWith('tools');
    await output(python, ['-m', 'ruff', 'check', '--no-cache', '.']);
    await output(python, ['-m', 'ruff', 'format', '--no-cache', '--check', '.']);
    await output(python, ['-m', 'mypy', '--cache-dir=/dev/null']);
  });
});
