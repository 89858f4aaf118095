import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LoadedClients } from '../support/loaded-client.js';
import { type Service, startService } from '../support/service.js';
import { TOTALS, VendorServer } from '../support/vendor-server.js';
import { type NpmProject, npmProject } from './support/npm-project.js';

const README = new URL('../../clients/typescript/README.md', import.meta.url);
const MIDDLEWARE = new URL('../../clients/ai-sdk/README.md', import.meta.url);
const TEXT = 'Say it in six little words';
/** Tokens that every call estimates. */
const ESTIMATE = 1_500;
/** What Anthropic's streams say of their cost at the beginning: all of the input, and a first token. */
const BEGUN = 700 + 300 + 100 + 1;

interface Booked {
  readonly tokens: number;
  readonly presumed: number;
  readonly calls: number;
  readonly failed: number;
}
const booked = (tokens: number, calls = 1, failed = 0, presumed = 0): Booked => ({
  tokens,
  presumed,
  calls,
  failed,
});
const [CHAT, RESPONSES, CLAUDE] = [booked(TOTALS.chat), booked(TOTALS.responses), booked(TOTALS.anthropic)];
const REFUSED = booked(0, 1, 1);
const PRESUMED = booked(ESTIMATE, 0, 0, ESTIMATE);
const BROKE = booked(ESTIMATE, 1, 1, ESTIMATE);

/** The blocks of TypeScript in a README, in order. */
async function blocksOf(readme: URL): Promise<readonly string[]> {
  const text = await readFile(readme, 'utf8');
  return [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, block = '']) => block);
}

/** What the caller has of each call of `sdk-calls.mjs`, and what stands in the books for it. */
const EXPECTED: readonly (readonly [call: string, outcome: unknown, Booked | undefined])[] = [
  ['openai-chat', TEXT, CHAT],
  ['openai-chat-stream', 7, CHAT],
  ['openai-chat-helper', TEXT, CHAT],
  ['openai-chat-parsed', TEXT, CHAT],
  ['openai-chat-raw', 200, CHAT],
  ['openai-responses', TEXT, RESPONSES],
  ['openai-responses-stream', 13, RESPONSES],
  ['openai-embeddings', 1, booked(TOTALS.embeddings)],
  ['openai-429', 'RateLimitError', REFUSED],
  ['openai-500', 'InternalServerError', REFUSED],
  ['openai-429-retried', 1, booked(TOTALS.chat, 2, 1)],
  ['openai-unreached', 'APIConnectionError', REFUSED],
  ['openai-denied', 'SlotDenied', undefined],
  ['openai-breaks', expect.any(String), BROKE],
  ['openai-left', 2, PRESUMED],
  ['openai-silent', TEXT, PRESUMED],
  ['openai-aborted', expect.anything(), BROKE],
  ['anthropic-messages', TEXT, CLAUDE],
  ['anthropic-stream', 11, CLAUDE],
  ['anthropic-helper', TEXT, CLAUDE],
  ['anthropic-beta', TEXT, CLAUDE],
  ['anthropic-options', TEXT, CLAUDE],
  ['anthropic-denied', 'SlotDenied', undefined],
  ['anthropic-500', 'InternalServerError', REFUSED],
  ['anthropic-breaks', expect.any(String), booked(ESTIMATE, 1, 1, ESTIMATE - BEGUN)],
  ['anthropic-errors', 'APIError', booked(ESTIMATE, 1, 1, ESTIMATE - BEGUN)],
  ['anthropic-left', 2, booked(ESTIMATE, 1, 0, ESTIMATE - BEGUN)],
  ['langchain-openai', TEXT, CHAT],
  ['langchain-openai-stream', 'read', CHAT],
  ['langchain-anthropic', TEXT, CLAUDE],
  ['langchain-anthropic-stream', 'read', CLAUDE],
  ['langchain-denied', 'SlotDenied', undefined],
  ['langchain-429', expect.any(String), REFUSED],
  ['vercel-openai', TEXT, RESPONSES],
  ['vercel-openai-stream', TEXT, RESPONSES],
  ['vercel-chat', TEXT, CHAT],
  ['vercel-chat-stream', TEXT, CHAT],
  ['vercel-anthropic', TEXT, CLAUDE],
  ['vercel-anthropic-stream', TEXT, CLAUDE],
  ['vercel-denied', 'SlotDenied', undefined],
  ['vercel-stream-denied', 'SlotDenied', undefined],
  ['vercel-429', expect.any(String), REFUSED],
  ['vercel-breaks', expect.any(String), BROKE],
];

let service: Service;
let vendor: VendorServer;
let clients: LoadedClients;
beforeAll(async () => {
  service = await startService();
  vendor = await VendorServer.start();
  clients = new LoadedClients(service.grpcAddress);
});
afterAll(async () => {
  clients?.close();
  await vendor?.stop();
  await service?.stop();
});

/** By AI. */
async function books(budget: string): Promise<Map<string, Booked>> {
  const { distribution_stats: stats } = await clients.call<{
    distribution_stats: { by_ai: { ai_id: string; tokens: string; calls: string; failed_calls: string }[] };
  }>('GetDistribution', { budget_id: budget });
  const listed = { budget_id: budget, include_closed: true, page_size: 1_000 };
  const { leases } = await clients.admin<{
    leases: { ai_id: string; state: string; presumed_tokens: string }[];
  }>('ListLeases', listed);
  expect(leases.filter(({ state }) => state !== 'LEASE_STATE_RELEASED')).toEqual([]);
  const found = new Map(
    stats.by_ai.map(({ ai_id, tokens, calls, failed_calls }) => [
      ai_id,
      booked(Number(tokens), Number(calls), Number(failed_calls)),
    ]),
  );
  for (const { ai_id, presumed_tokens } of leases) {
    const one = found.get(ai_id) ?? booked(0, 0);
    found.set(ai_id, { ...one, presumed: one.presumed + Number(presumed_tokens) });
  }
  return found;
}

describe.each([
  ['ai 6 and openai 6, on the oldest Node', {}],
  [
    'their newest, on Node 24',
    {
      ai: '7.0.173',
      openai: '7.59.0',
      '@ai-sdk/openai': '4.0.77',
      '@ai-sdk/anthropic': '4.0.105',
      node: '24.21.0',
    },
  ],
] as const)('with %s', (name, versions) => {
  const budget = `sdks-${Object.keys(versions).length}`;
  let project: NpmProject;
  beforeAll(async () => {
    project = await npmProject(versions);
  }, 300_000);
  afterAll(() => project?.remove());

  it('every call of the real SDKs is booked as the vendor counted it', async () => {
    await clients.admin('CreateBudget', {
      ...{ budget_id: budget, preset: 'PRESET_CALLS', policy: { monthly_limit: 1_000_000_000 } },
    });
    const printed = await project.run('sdk-calls.mjs', {
      ...{
        BUDGET_ARBITER_ADDRESS: service.grpcAddress,
        BUDGET_ARBITER_BUDGET: budget,
        VENDOR_URL: vendor.url,
      },
    });
    const lines = printed
      .trim()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line));
    const outcomes = lines.map(({ call, answer, error }) => [call, error ?? answer ?? null]);
    expect(outcomes).toEqual([...EXPECTED.map(([call, outcome]) => [call, outcome]), ['close', 0]]);
    const found = await books(budget);
    expect(EXPECTED.map(([call]) => [call, found.get(call)])).toEqual(
      EXPECTED.map(([call, , as]) => [call, as]),
    );
  });

  it('the five lines of the README are all that it takes, and their process ends', async () => {
    const [lines = ''] = await blocksOf(README);
    await writeFile(
      path.join(project.folder, 'five-lines.mjs'),
      `${lines}console.log(message.content[0].text);\n`,
    );
    const policy = { monthly_limit: 1_000_000_000 };
    await clients.admin('UpdateBudget', { budget_id: 'anthropic', preset: 'PRESET_CALLS', policy });
    const before = (await books('anthropic')).get('guardian')?.tokens ?? 0;
    const printed = await project.run('five-lines.mjs', {
      ...{ BUDGET_ARBITER_ADDRESS: service.grpcAddress, ANTHROPIC_API_KEY: 'key' },
      ANTHROPIC_BASE_URL: vendor.base('ok', ''),
    });
    expect(printed).toBe(`${TEXT}\n`);
    expect((await books('anthropic')).get('guardian')?.tokens).toBe(before + TOTALS.anthropic);
  });

  it('is typed as its users write it, and as the READMEs do', async () => {
    const [wrapped = '', reported = ''] = await blocksOf(README);
    const [middleware = ''] = await blocksOf(MIDDLEWARE);
    const vendor = 'declare function callTheVendor(): Promise<{ readonly text: string }>;\n';
    await writeFile(path.join(project.folder, 'readme-wrap.ts'), `${wrapped}console.log(message.content);\n`);
    await writeFile(path.join(project.folder, 'readme-slot.ts'), `${vendor}${reported}console.log(text);\n`);
    await writeFile(path.join(project.folder, 'readme-middleware.ts'), `${middleware}console.log(text);\n`);
    await project.run('node_modules/typescript/bin/tsc -p .', {});
  });

  it(`is of the service's version, and needs gRPC and protobuf alone (${name})`, async () => {
    const manifest = async (file: string) => JSON.parse(await readFile(file, 'utf8'));
    const installed = (each: string) =>
      manifest(path.join(project.folder, `node_modules/@budget-arbiter/${each}/package.json`));
    const [client, middleware] = [await installed('client'), await installed('ai-sdk')];
    const { version } = await manifest('package.json');
    expect([client.version, middleware.version]).toEqual([version, version]);
    expect(middleware.dependencies).toEqual({ '@budget-arbiter/client': version });
    expect(Object.keys(client.dependencies).sort()).toEqual(['@bufbuild/protobuf', '@grpc/grpc-js']);
  });

  it('says what a slot costs beside a bare call of gRPC', async () => {
    const printed = await project.run('overhead.mjs', {
      ...{
        BUDGET_ARBITER_ADDRESS: service.grpcAddress,
        BUDGET_ARBITER_BUDGET: budget,
        BUDGET_ARBITER_AI: 'overhead',
      },
    });
    console.info(printed.trim());
    expect(JSON.parse(printed)).toMatchObject({
      slot_p50_us: expect.any(Number),
      echo_p50_us: expect.any(Number),
    });
  });
});
