import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LoadedClients } from '../support/loaded-client.js';
import { type Service, startService } from '../support/service.js';
import { TOTALS, VendorServer } from '../support/vendor-server.js';
import { readmeBlocks } from './support/java-readme.js';
import { type MavenProject, mavenProject } from './support/maven-project.js';

const ROOT = new URL('../../', import.meta.url);
const ESTIMATE = 1_500;
const REFUSED = { tokens: 0, presumed: 0, calls: 1, failed: 1 };
const PRESUMED = { tokens: ESTIMATE, presumed: ESTIMATE, calls: 0, failed: 0 };
const BROKE = { ...PRESUMED, calls: 1, failed: 1 };
const booked = (tokens: number) => ({ tokens, presumed: 0, calls: 1, failed: 0 });

/** Each call of `VendorCalls.java`, and what stands in the books for it. */
const CALLS: readonly (readonly [call: string, outcome: string, books: object])[] = [
  ['anthropic-call-ok', 'answer', booked(TOTALS.anthropic)],
  ['anthropic-stream-ok', 'answer', booked(TOTALS.anthropic)],
  ['anthropic-call-429', 'RateLimitException', REFUSED],
  ['anthropic-call-500', 'InternalServerException', REFUSED],
  ['anthropic-call-unreached', 'AnthropicIoException', REFUSED],
  ['anthropic-call-silent', 'answer', PRESUMED],
  ['spring-call-ok', 'answer', booked(TOTALS.chat)],
  ['spring-stream-ok', 'answer', booked(TOTALS.chat)],
  ['spring-call-429', expect.any(String), REFUSED],
  ['spring-call-unreached', expect.any(String), REFUSED],
  ['spring-stream-breaks', expect.any(String), BROKE],
  ['spring-stream-left', 'answer', PRESUMED],
];

describe('the Java packages', () => {
  let project: MavenProject;
  let service: Service;
  let vendor: VendorServer;
  let clients: LoadedClients;

  beforeAll(async () => {
    project = await mavenProject();
    service = await startService({ env: { DEFAULT_BUDGET: 'default' } });
    vendor = await VendorServer.start();
    clients = new LoadedClients(service.grpcAddress);
  }, 900_000);
  afterAll(async () => {
    clients?.close();
    await vendor?.stop();
    await service?.stop();
  });

  const run = (call: string): Promise<string> =>
    project.run(call, {
      BUDGET_ARBITER_ADDRESS: service.grpcAddress,
      ANTHROPIC_BASE_URL: vendor.base('ok', ''),
      ANTHROPIC_API_KEY: 'k',
      VENDOR_URL: vendor.url,
    });

  async function createBudget(name: string): Promise<void> {
    const policy = { monthly_limit: 1_000_000_000 };
    await clients.admin('CreateBudget', { budget_id: name, preset: 'PRESET_CALLS', policy });
  }

  async function books(budget: string): Promise<object> {
    const { distribution_stats: stats } = await clients.call<{
      distribution_stats: {
        monthly_distribution: { total_tokens: number };
        presumed_tokens: number;
        calls: number;
        failed_calls: number;
      };
    }>('GetDistribution', { budget_id: budget });
    return {
      tokens: stats.monthly_distribution.total_tokens,
      presumed: stats.presumed_tokens,
      calls: stats.calls,
      failed: stats.failed_calls,
    };
  }

  it('have the version of the service, and all that Maven Central asks for', async () => {
    const { version } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8'));
    for (const name of ['client', 'spring-ai']) {
      const target = path.join(project.packages, name, 'target');
      const jars = (await readdir(target)).filter((file) => file.endsWith('.jar')).sort();
      expect(jars).toEqual(
        ['-javadoc', '-sources', ''].map((kind) => `${name}-${version}${kind}.jar`).sort(),
      );
      const built = await project.list(path.join(target, `${name}-${version}.jar`));
      expect(built).toEqual(expect.arrayContaining(['META-INF/LICENSE', 'META-INF/CHANGELOG.md']));
      const pom = readFileSync(path.join(target, '.flattened-pom.xml'), 'utf8');
      for (const tag of ['name', 'description', 'url', 'licenses', 'developers', 'scm', 'connection']) {
        expect(pom).toMatch(new RegExp(`<${tag}[> ]`));
      }
      expect(pom).not.toContain('<parent>');
      expect(pom).toContain(`<version>${version}</version>`);
    }
  });

  it('depend on gRPC and protobuf alone', () => {
    const pom = readFileSync(path.join(project.packages, 'client/target/.flattened-pom.xml'), 'utf8');
    const [, dependencies = ''] = pom.split('<dependencies>');
    const needed = dependencies.split('</dependency>').filter((one) => !one.includes('<optional>true'));
    const groups = needed.map((one) => /<groupId>(.*)<\/groupId>/.exec(one)?.[1]).filter(Boolean);
    expect([...new Set(groups)].sort()).toEqual(['com.google.protobuf', 'io.grpc']);
  });

  it('do what the README says, in five lines', async () => {
    const [slot = ''] = readmeBlocks();
    expect(slot.trim().split('\n')).toHaveLength(5);
    await createBudget('anthropic');
    await run('FiveLines');
    expect(await books('anthropic')).toEqual(booked(TOTALS.anthropic));
    await run('ThatForm');
    expect(await books('anthropic')).toEqual({ ...booked(2 * TOTALS.anthropic), calls: 2 });
    await run('Fake');
  });

  it('charge what the vendors counted, through their own SDKs', async () => {
    const names = CALLS.map(([name]) => name);
    await Promise.all(names.map(createBudget));
    const said = await run(`VendorCalls ${names.join(' ')}`);
    expect(
      said
        .trim()
        .split('\n')
        .map((line) => line.split(' ')),
    ).toEqual(CALLS.map(([name, outcome]) => [name, outcome]));
    const booked = await Promise.all(names.map(async (name) => [name, await books(name)]));
    expect(booked).toEqual(CALLS.map(([name, , expected]) => [name, expected]));
  });
});
