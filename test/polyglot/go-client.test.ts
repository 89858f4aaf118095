import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OLDEST_GO } from '../../scripts/polyglot/go-versions.js';
import { LoadedClients } from '../support/loaded-client.js';
import { type Service, startService } from '../support/service.js';
import { TOTALS, VendorServer } from '../support/vendor-server.js';
import { type GoModule, goModule, MODULE, PACKAGE, VERSION } from './support/go-module.js';

const MODULES = [PACKAGE, path.join(PACKAGE, 'otelarbiter')];
/** The oldest that is supported; the Go of the machine fetches it. */
const OLDEST = { GOTOOLCHAIN: OLDEST_GO, CGO_ENABLED: '0' };
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

  it('are modules that a proxy takes as they are: nothing replaced, of one version', async () => {
    for (const folder of MODULES) {
      expect(await readFile(path.join(folder, 'go.mod'), 'utf8')).not.toMatch(/^replace/m);
    }
    const { version } = JSON.parse(await readFile(path.join(PACKAGE, '../../package.json'), 'utf8'));
    expect(VERSION).toBe(`v${version}`);
    const spans = await readFile(path.join(PACKAGE, 'otelarbiter/go.mod'), 'utf8');
    expect(spans).toContain(`\t${MODULE} ${VERSION}\n`);
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
    await empty.run('go', 'mod', 'tidy');
    await empty.run('go', 'vet', '.');
    expect(await empty.run('go', 'run', '.')).toBe('<nil>\n');
    expect(program).toContain(MODULE);
    const spans = `package main\n\nimport _ "${MODULE}/otelarbiter"\n`;
    await writeFile(path.join(empty.folder, 'spans.go'), spans);
    await empty.run('go', 'build', '.');
    expect(await clients.call('GetDistribution', { budget_id: 'anthropic' })).toMatchObject({
      distribution_stats: {
        monthly_distribution: { total_tokens: 150 },
        presumed_tokens: 0,
        rate_limiting_status: { active_requests: 0 },
      },
    });
  });
});

const ESTIMATE = 1_500;
/** What Anthropic's streams say of their cost at the beginning: all of the input, and a first token. */
const BEGUN = 700 + 300 + 100 + 1;
const booked = (tokens: number, presumed = 0, calls = 1, failed = 0) => ({
  ...{ tokens, presumed, calls, failed },
});
const [CLAUDE, CHAT, RESPONSES] = [booked(TOTALS.anthropic), booked(TOTALS.chat), booked(TOTALS.responses)];
const REFUSED = booked(0, 0, 1, 1);
const SILENT = booked(ESTIMATE, ESTIMATE, 0);

/** Each call of `go/main.go`, what its caller has, and what stands in the books for it. */
const CALLS: readonly (readonly [call: string, outcome: string, books: object])[] = [
  ['anthropic-call-ok', 'answer', CLAUDE],
  ['anthropic-stream-ok', 'answer', CLAUDE],
  ['anthropic-call-429', '429', REFUSED],
  ['anthropic-call-500', '500', REFUSED],
  ['anthropic-stream-500', '500', REFUSED],
  ['anthropic-call-unreached', 'error', REFUSED],
  ['anthropic-call-silent', 'answer', SILENT],
  ['anthropic-stream-breaks', 'error', booked(ESTIMATE, ESTIMATE - BEGUN, 1, 1)],
  ['anthropic-stream-errors', '200', booked(ESTIMATE, ESTIMATE - BEGUN, 1, 1)],
  ['anthropic-stream-left', 'answer', booked(ESTIMATE, ESTIMATE - BEGUN, 1)],
  ['chat-call-ok', 'answer', CHAT],
  ['chat-stream-ok', 'answer', CHAT],
  ['chat-call-429', '429', REFUSED],
  ['chat-call-unreached', 'error', REFUSED],
  ['chat-stream-breaks', 'error', booked(ESTIMATE, ESTIMATE, 1, 1)],
  ['chat-stream-left', 'answer', SILENT],
  ['responses-call-ok', 'answer', RESPONSES],
  ['responses-stream-ok', 'answer', RESPONSES],
  ['responses-stream-breaks', 'error', booked(ESTIMATE, ESTIMATE, 1, 1)],
  ['embeddings-call-ok', 'answer', booked(TOTALS.embeddings)],
];

describe("the vendors' own SDKs", () => {
  let service: Service;
  let vendor: VendorServer;
  let clients: LoadedClients;
  let calls: GoModule;

  beforeAll(async () => {
    service = await startService();
    vendor = await VendorServer.start();
    clients = new LoadedClients(service.grpcAddress);
    const env = { BUDGET_ARBITER_ADDRESS: service.grpcAddress, VENDOR_URL: vendor.url };
    calls = await goModule(env, fileURLToPath(new URL('go', import.meta.url)));
  }, 300_000);
  afterAll(async () => {
    clients?.close();
    await vendor?.stop();
    await service?.stop();
    await calls?.remove();
  });

  it('are charged what the vendor counted, whole and in streams', async () => {
    const names = CALLS.map(([name]) => name);
    const policy = { monthly_limit: 1_000_000_000 };
    for (const budget_id of names) {
      await clients.admin('CreateBudget', { budget_id, preset: 'PRESET_CALLS', policy });
    }
    await calls.run('go', 'vet', '.');
    const said = await calls.run('go', 'run', '.', ...names);
    const outcomes = said.trim().split('\n');
    expect(outcomes).toEqual(CALLS.map(([name, outcome]) => `${name} ${outcome}`));
    const found = await Promise.all(names.map(async (name) => [name, await books(name)]));
    expect(found).toEqual(CALLS.map(([name, , expected]) => [name, expected]));
  });

  async function books(budget: string): Promise<object> {
    const { distribution_stats: stats } = await clients.call<{
      distribution_stats: {
        monthly_distribution: { total_tokens: number };
        presumed_tokens: number;
        calls: number;
        failed_calls: number;
      };
    }>('GetDistribution', { budget_id: budget });
    return booked(
      stats.monthly_distribution.total_tokens,
      stats.presumed_tokens,
      stats.calls,
      stats.failed_calls,
    );
  }
});
