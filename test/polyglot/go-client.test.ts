import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LoadedClients } from '../support/loaded-client.js';
import { type Service, startService } from '../support/service.js';
import { type GoModule, goModule, MODULE, PACKAGE } from './support/go-module.js';

const MODULES = [PACKAGE, path.join(PACKAGE, 'otelarbiter')];
/** The oldest that is supported; the Go of the machine fetches it. */
const OLDEST = { GOTOOLCHAIN: 'go1.24.13', CGO_ENABLED: '0' };
const VENDOR = `package main

import "context"

type message struct {
	Usage struct {
		Input  int64 \`json:"input_tokens"\`
		Output int64 \`json:"output_tokens"\`
	} \`json:"usage"\`
}

func callVendor(context.Context) (*message, error) {
	said := &message{}
	said.Usage.Input, said.Usage.Output = 100, 50
	return said, nil
}
`;

const run = promisify(execFile);

async function go(cwd: string, args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const { stdout } = await run('go', args, { cwd, env: { ...process.env, ...env }, maxBuffer: 1 << 26 });
  return stdout;
}

describe('the Go package', () => {
  it.each(MODULES)('is formatted, vetted, and right under the race detector: %s', async (folder) => {
    expect((await run('gofmt', ['-l', '.'], { cwd: folder })).stdout).toBe('');
    await go(folder, ['vet', './...']);
    await go(folder, ['test', '-race', './...']);
  });

  it('works with the oldest Go that is supported', async () => {
    await go(PACKAGE, ['vet', './...'], OLDEST);
    await go(PACKAGE, ['test', './...'], OLDEST);
  });

  it('has the stubs that proto/ gives', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'go-stubs-'));
    const template = path.join(folder, 'buf.gen.yaml');
    const settings = await readFile(path.join(PACKAGE, 'buf.gen.yaml'), 'utf8');
    await writeFile(template, settings.replaceAll('out: budgetarbiter', `out: ${folder}/budgetarbiter`));
    const buf = path.join(PACKAGE, '../../node_modules/.bin/buf');
    await run(buf, ['generate', '--template', template], { cwd: PACKAGE });
    await run('diff', ['-r', path.join(folder, 'budgetarbiter'), path.join(PACKAGE, 'budgetarbiter')]);
    await rm(folder, { recursive: true });
  });

  it('depends on gRPC and protobuf alone, with what these need', async () => {
    const settings = await readFile(path.join(PACKAGE, 'go.mod'), 'utf8');
    const [, required = ''] = /^require \(\n([^)]*)\)/m.exec(settings) ?? [];
    expect(required.match(/\S+(?= v)/g)).toEqual([
      'google.golang.org/genproto/googleapis/rpc', // The types of gRPC's own status.
      'google.golang.org/grpc',
      'google.golang.org/protobuf',
    ]);
  });
});

describe('the five lines of the README, in an empty module', () => {
  let service: Service;
  let clients: LoadedClients;
  let empty: GoModule;

  beforeAll(async () => {
    service = await startService({ env: { DEFAULT_BUDGET: 'default' } });
    clients = new LoadedClients(service.grpcAddress);
    await clients.admin('CreateBudget', { budget_id: 'anthropic', preset: 'PRESET_CALLS' });
    empty = await goModule({ BUDGET_ARBITER_ADDRESS: service.grpcAddress });
  }, 120_000);
  afterAll(async () => {
    clients?.close();
    await service?.stop();
    await empty?.remove();
  });

  it('book what the vendor said', async () => {
    const readme = await readFile(path.join(PACKAGE, 'README.md'), 'utf8');
    const [, program = ''] = /```go\n(package main\n.*?)```/s.exec(readme) ?? [];
    await writeFile(path.join(empty.folder, 'main.go'), program);
    await writeFile(path.join(empty.folder, 'vendor.go'), VENDOR);
    await empty.run('go', 'vet', '.');
    expect(await empty.run('go', 'run', '.')).toBe('<nil>\n');
    expect(program).toContain(MODULE);
    expect(await clients.call('GetDistribution', { budget_id: 'anthropic' })).toMatchObject({
      distribution_stats: {
        monthly_distribution: { total_tokens: 150 },
        presumed_tokens: 0,
        rate_limiting_status: { active_requests: 0 },
      },
    });
  });
});
