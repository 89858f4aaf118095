import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { BehindProxy, BUDGETS, isThere, PROXY_FOLDER, portOf } from './behind-proxy.js';

const ENVOY = process.env['ENVOY'] ?? 'envoy';
const MODELS = process.env['GATEWAY_API_MODELS'];
const onCi = process.env['CI'] !== undefined;
const read = (name: string) => readFileSync(join(PROXY_FOLDER, name), 'utf8');

/** The example as it stands, but for the addresses and files of this machine. */
function nginxConf(at: BehindProxy): string {
  const [first, second] = at.replicas;
  const replaced: [string, string][] = [
    ['/etc/nginx/budget-arbiter', at.folder],
    ['/run/nginx-budget-arbiter.pid', join(at.folder, 'nginx.pid')],
    ['listen 50051 ', `listen 127.0.0.1:${at.grpcPort} `],
    ['listen 8443 ', `listen 127.0.0.1:${at.httpPort} `],
    ['10.0.0.1:50051', first?.grpcAddress ?? ''],
    ['10.0.0.2:50051', second?.grpcAddress ?? ''],
    ['10.0.0.1:8080', first?.httpAddress ?? ''],
    ['10.0.0.2:8080', second?.httpAddress ?? ''],
  ];
  return replaced.reduce((text, [from, to]) => {
    expect(text).toContain(from);
    return text.replaceAll(from, to);
  }, read('nginx.conf'));
}

interface Envoy {
  readonly static_resources: {
    readonly listeners: { address: { socket_address: object } }[];
    readonly clusters: { load_assignment: { endpoints: { lb_endpoints: object[] }[] } }[];
  };
}

function envoyYaml(at: BehindProxy): string {
  const config = parse(read('envoy.yaml').replaceAll('/etc/envoy/budget-arbiter', at.folder)) as Envoy;
  const here = (port: number) => ({ socket_address: { address: '127.0.0.1', port_value: port } });
  const [listener] = config.static_resources.listeners;
  const [place] = config.static_resources.clusters[0]?.load_assignment.endpoints ?? [];
  if (listener === undefined || place === undefined) throw new Error('envoy.yaml is not as it was');
  listener.address = here(at.grpcPort);
  // What a name of several addresses would lead to.
  place.lb_endpoints = at.replicas.map(({ grpcAddress }) => ({
    endpoint: { address: here(portOf(grpcAddress)) },
  }));
  return stringify(config);
}

/** Where the calls of budgets arrive, and whose they count as. */
function passesCalls(behind: () => BehindProxy): void {
  it('brings the calls of a budget to one replica, and those of all of them to both', async () => {
    const at = behind();
    const client = at.through();
    for (const budget of BUDGETS) {
      for (let call = 1; call <= 3; call += 1) {
        const usage = { usage_id: `u-${call}`, tokens: { total_tokens: 10 } };
        const report = { unleased: { budget_id: budget, ai_id: 'guardian' }, usage };
        await at.call(client, 'RecordUsage', report, budget);
      }
    }
    const booked = await Promise.all(BUDGETS.map((budget) => at.booked(budget)));
    expect(booked.map((counts) => [...counts].sort())).toEqual(BUDGETS.map(() => [0, 3]));
    expect(new Set(booked.map((counts) => counts.indexOf(3)))).toEqual(new Set([0, 1]));
  });

  it('carries a session, both ways and to its end', async () => {
    const session = await behind().session('budget-0');
    const leaseId = await session.acquire({ estimatedTokens: 10 });
    const { freedTokens } = await session.ask('released', { $case: 'release', value: { leaseId } });
    expect(freedTokens).toBeGreaterThan(0);
    session.stream.end();
    expect(await session.ended).toBeUndefined();
  });

  it('says whose calls they are: failures count as those of their address, whatever they claim', async () => {
    const at = behind();
    for (let time = 0; time < 22; time += 1) await at.failOverGrpc('127.0.0.2', '198.51.100.1');
    await expect.poll(() => at.failingPeers()).toContain('127.0.0.2');
    expect(new Set(at.failingPeers())).toEqual(new Set(['127.0.0.2']));
  });
}

describe.skipIf(!isThere('nginx', '-v') && !onCi)('deploy/proxy/nginx.conf', () => {
  const at = new BehindProxy();
  beforeAll(async () => {
    await at.start();
    const file = at.write('nginx.conf', nginxConf(at));
    const args = ['-e', 'stderr', '-p', at.folder, '-c', file];
    const tested = spawnSync('nginx', ['-t', ...args], { encoding: 'utf8' });
    expect(tested.stderr).toContain('test is successful');
    expect(tested.stderr).not.toContain('[warn]');
    await at.serve('nginx', [...args, '-g', 'daemon off;']);
  });
  afterAll(() => at.stop());

  passesCalls(() => at);

  it('passes HTTP on, and says whose requests they are', async () => {
    expect(await at.status('/readyz', '127.0.0.3')).toBe(200);
    const wrong = { authorization: 'Bearer wrong', 'x-forwarded-for': '198.51.100.1' };
    for (let time = 0; time < 11; time += 1)
      expect(await at.status('/metrics', '127.0.0.3', wrong)).toBe(401);
    await expect.poll(() => at.failingPeers()).toContain('127.0.0.3');
    expect(at.failingPeers()).not.toContain('127.0.0.1');
  });
});

describe.skipIf(!isThere(ENVOY, '--version') && !onCi)('deploy/proxy/envoy.yaml', () => {
  const at = new BehindProxy();
  beforeAll(async () => {
    await at.start();
    const file = at.write('envoy.yaml', envoyYaml(at));
    expect(execFileSync(ENVOY, ['--mode', 'validate', '-c', file], { encoding: 'utf8' })).toContain('OK');
    await at.serve(ENVOY, ['-c', file, '--concurrency', '1', '--use-dynamic-base-id', '-l', 'warn']);
  });
  afterAll(() => at.stop());

  passesCalls(() => at);
});

interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly rules?: { backendRefs: { name: string; port: number }[] }[];
    targetRefs?: Target[];
  };
}
interface Target {
  readonly kind: string;
  readonly name: string;
}
type Model = new (resource: Resource) => { validate(): void };

describe('deploy/proxy/gateway-api.yaml', () => {
  const resources = parseAllDocuments(read('gateway-api.yaml')).map((each) => each.toJS() as Resource);
  const service = parse(
    readFileSync(fileURLToPath(new URL('../../deploy/kubernetes/service.yaml', import.meta.url)), 'utf8'),
  ) as { metadata: { name: string }; spec: { ports: { port: number }[] } };

  it('leads to the ports of the Service, and has policies for what is there', () => {
    const ports = service.spec.ports.map(({ port }) => port);
    const refs = resources.flatMap(({ spec }) => spec.rules ?? []).flatMap(({ backendRefs }) => backendRefs);
    expect(refs.map(({ port }) => port).sort()).toEqual([...ports].sort());
    expect(new Set(refs.map(({ name }) => name))).toEqual(new Set([service.metadata.name]));
    const there = [
      ...resources.map(({ kind, metadata }) => `${kind} ${metadata.name}`),
      'Service budget-arbiter',
    ];
    for (const { kind, name } of resources.flatMap(({ spec }) => spec.targetRefs ?? [])) {
      expect(there).toContain(`${kind} ${name}`);
    }
  });

  it.skipIf(MODELS === undefined && !onCi)('is as the schemas of the Gateway API want it', () => {
    const path = 'node_modules/@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/index.js';
    const models = createRequire(import.meta.url)(join(String(MODELS), path)) as Record<string, Model>;
    const own = resources.filter(({ apiVersion }) => apiVersion === 'gateway.networking.k8s.io/v1');
    expect(own.map(({ kind }) => kind)).toEqual(['Gateway', 'GRPCRoute', 'HTTPRoute', 'BackendTLSPolicy']);
    for (const resource of own) {
      const model = models[resource.kind] as Model;
      new model(resource).validate();
      const { spec: _, ...without } = { ...resource, spec: undefined };
      expect(() => new model({ ...without, spec: { rules: 'none' } as never }).validate()).toThrow();
    }
  });
});
