import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { newToken } from '../../src/access/bearer-tokens.js';
import { loadConfig } from '../../src/config/config.js';
import { isHealthCheck } from '../../src/http/health-endpoints.js';
import { issue, makeAuthority } from '../support/certificates.js';
import { type Service, startService } from '../support/service.js';
import type { Manifest } from './helm.js';
import { Volumes } from './pod.js';

const FOLDER = fileURLToPath(new URL('../../deploy/kubernetes/', import.meta.url));
const files = ['', 'optional', 'examples'].flatMap((folder) =>
  readdirSync(join(FOLDER, folder))
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => join(folder, name)),
);
/** Of a CRD, for which Kubernetes itself has no schema. */
const CUSTOM = 'optional/pod-monitor.yaml';
const MODELS = process.env['PROMETHEUS_OPERATOR_MODELS'];
type Model = new (manifest: Manifest) => { validate(): void };
const VALIDATOR = process.env['KUBERNETES_VALIDATE'] ?? 'kubernetes-validate';

const manifestsIn = (name: string): Manifest[] =>
  parseAllDocuments(readFileSync(join(FOLDER, name), 'utf8')).map((document) => document.toJS());
const manifest = (name: string): Manifest => manifestsIn(name)[0];
const deployment = manifest('deployment.yaml').spec;
const [container] = deployment.template.spec.containers;
const labels = deployment.selector.matchLabels;

describe('deploy/kubernetes', () => {
  it.each(['1.29', '1.37'])('is valid for Kubernetes %s, strictly', (version) => {
    const checked = files.filter((name) => name !== CUSTOM);
    const paths = checked.map((name) => join(FOLDER, name));
    const printed = execFileSync(VALIDATOR, ['--strict', '--kubernetes-version', version, ...paths], {
      encoding: 'utf8',
    });
    const documents = checked.flatMap(manifestsIn);
    expect(printed.match(/passed/g)).toHaveLength(documents.length);
  });

  it.skipIf(MODELS === undefined && !process.env['CI'])(
    'has a PodMonitor as the schema of the Prometheus Operator wants it',
    () => {
      const path = 'node_modules/@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/index.js';
      const { PodMonitor } = createRequire(import.meta.url)(join(String(MODELS), path)) as {
        PodMonitor: Model;
      };
      const own = manifest(CUSTOM);
      new PodMonitor(own).validate();
      own.spec.podMetricsEndpoints[0].scheme = 'ftp';
      expect(() => new PodMonitor(own).validate()).toThrow('scheme');
    },
  );

  it('finds its pods in every file', () => {
    expect(labels).toMatchObject({ 'app.kubernetes.io/name': 'budget-arbiter' });
    expect(deployment.template.metadata.labels).toEqual(labels);
    expect(manifest('service.yaml').spec.selector).toEqual(labels);
    expect(manifest('pod-disruption-budget.yaml').spec.selector.matchLabels).toEqual(labels);
    expect(manifest(CUSTOM).spec.selector.matchLabels).toEqual(labels);
    expect(labels).toMatchObject(manifest('network-policy.yaml').spec.podSelector.matchLabels);
    expect(deployment.template.spec.topologySpreadConstraints[0].labelSelector.matchLabels).toEqual(labels);
  });

  it('probes over HTTPS what is open to all, and starts no process for it', () => {
    const { startupProbe, readinessProbe, livenessProbe } = container;
    const on = (path: string) => ({ httpGet: { path, port: 'http', scheme: 'HTTPS' } });
    expect(startupProbe).toMatchObject(on('/readyz'));
    expect(readinessProbe).toMatchObject(on('/readyz'));
    expect(livenessProbe).toMatchObject(on('/healthz'));
    for (const probe of [startupProbe, readinessProbe, livenessProbe]) {
      expect(isHealthCheck(probe.httpGet.path)).toBe(true);
      expect(probe).not.toHaveProperty('exec');
    }
  });

  it('serves the ports that the image has', () => {
    const addresses = /GRPC_ADDRESS=\S+:(\d+) HTTP_ADDRESS=\S+:(\d+)/.exec(
      readFileSync(join(FOLDER, '../../Dockerfile'), 'utf8'),
    );
    const ports = container.ports.map(({ containerPort }: Manifest) => String(containerPort));
    expect(ports).toEqual(addresses?.slice(1));
  });

  it('writes nowhere but into a volume, and may write /tmp', () => {
    for (const name of ['deployment.yaml', 'optional/backup.yaml', 'optional/restore.yaml']) {
      const { spec } = manifestsIn(name).at(-1);
      const pod = (spec.jobTemplate?.spec ?? spec).template.spec;
      expect(pod.containers[0].securityContext).toMatchObject({ readOnlyRootFilesystem: true });
      expect(pod.containers[0].volumeMounts).toContainEqual({ name: 'tmp', mountPath: '/tmp' });
      expect(pod.volumes).toContainEqual({ name: 'tmp', emptyDir: { sizeLimit: '64Mi' } });
    }
  });

  it('has an example of an AI that the network policy lets in', () => {
    const [account, ai] = manifestsIn('examples/ai.yaml');
    const [clients] = manifest('network-policy.yaml').spec.ingress;
    expect(ai.spec.template.metadata.labels).toMatchObject(clients.from[0].podSelector.matchLabels);
    expect(ai.spec.template.spec.serviceAccountName).toBe(account.metadata.name);
    const documented = readFileSync(join(FOLDER, '../../docs/clients.md'), 'utf8');
    for (const { name } of ai.spec.template.spec.containers[0].env) {
      expect(documented).toMatch(new RegExp(`\`(${name}|${name.replace('BUDGET_ARBITER', '')})\``));
    }
  });

  describe('as it is configured', () => {
    const volumes = new Volumes({ 'mongodb-uri': 'mongodb://mongo/' });
    const authority = makeAuthority('x');
    const tokens = [newToken(), newToken(), newToken()] as const;
    let service: Service;
    let environment: Record<string, string>;

    beforeAll(async () => {
      environment = volumes.environment(container);
      const tls = volumes.at('/etc/budget-arbiter/tls');
      const { cert, key } = issue(authority, { commonName: 'budget-arbiter' });
      writeFileSync(join(tls, 'tls.crt'), cert);
      writeFileSync(join(tls, 'tls.key'), key);
      const text: string = manifest('config.yaml').data['config.yaml'];
      const digests = [...text.matchAll(/sha256: "?([0-9a-f]{64})"?/g)].map(([, digest = '']) => digest);
      expect(digests).toHaveLength(tokens.length);
      const configured = digests.reduce(
        (so, digest, at) => so.replace(digest, tokens[at]?.sha256 ?? ''),
        text,
      );
      mkdirSync(volumes.at('/etc/budget-arbiter/config'), { recursive: true });
      writeFileSync(environment['CONFIG_FILE'] ?? '', configured.replaceAll('/etc/budget-arbiter/tls', tls));
      const { MONGODB_URI: _, MONGODB_DATABASE: __, ...rest } = environment;
      service = await startService({
        env: { ...rest, GRPC_ADDRESS: '127.0.0.1:0', HTTP_ADDRESS: '127.0.0.1:0' },
      });
    });
    afterAll(async () => {
      await service?.stop();
      volumes.remove();
    });

    it('is read without a warning, on the addresses of the image too', () => {
      const open = { GRPC_ADDRESS: '0.0.0.0:50051', HTTP_ADDRESS: '0.0.0.0:8080' };
      expect(existsSync(environment['CONFIG_FILE'] ?? '')).toBe(true);
      const { config, warnings } = loadConfig({ ...environment, ...open });
      expect(warnings).toEqual([]);
      const roles = config.credentials?.tokens?.flatMap((token) => token.roles.map(({ role }) => role));
      expect(roles).toEqual(['ai', 'operator', 'viewer']);
    });

    it('answers operators who look at it from its pod, as the README has them do', () => {
      const readme = readFileSync(join(FOLDER, 'README.md'), 'utf8');
      const [health = '', status = ''] = [...readme.matchAll(/ exec .* -- (budget-arbiter .*)$/gm)].map(
        ([, inPod = '']) => inPod.replace(' < operators.token', ''),
      );
      const inPod = (command: string, stdin: string): string => {
        const { grpcAddress: GRPC_ADDRESS, httpAddress: HTTP_ADDRESS } = service;
        const { CONFIG_FILE = '' } = environment;
        const PATH = `${volumes.at('bin')}:${process.env['PATH']}`;
        const env = { GRPC_ADDRESS, HTTP_ADDRESS, CONFIG_FILE, PATH };
        // A pipe, as a pod has it, where Node would give it a socket.
        return execFileSync('sh', ['-c', `cat | ${command}`], { env, encoding: 'utf8', input: stdin });
      };
      expect(inPod(health, '')).toContain('200 {"status":"ready"}');
      expect(inPod(status, tokens[1].token)).toMatch(/^anthropic +normal/m);
    });

    it('shows its metrics to monitoring, and not to an AI', async () => {
      const { path } = manifest(CUSTOM).spec.podMetricsEndpoints[0];
      expect(await statusOf(path, tokens[2].token)).toBe(200);
      expect(await statusOf(path, tokens[0].token)).toBe(403);
    });

    function statusOf(path: string, token: string): Promise<number | undefined> {
      const options = { ca: authority.cert, headers: { authorization: `Bearer ${token}` } };
      return new Promise((resolve, reject) => {
        const asked = request(`https://${service.httpAddress}${path}`, options, (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        });
        asked.on('error', reject).end();
      });
    }
  });
});

describe('values of the chart, as the manifests show them', () => {
  it('are the tokens and the budget of values.yaml', () => {
    const values = parse(readFileSync(join(FOLDER, '../helm/budget-arbiter/values.yaml'), 'utf8'));
    const { tls: _, ...config } = parse(manifest('config.yaml').data['config.yaml']);
    expect(config).toEqual(values.config);
  });
});
