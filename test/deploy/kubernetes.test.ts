import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config/config.js';
import { isHealthCheck } from '../../src/http/health-endpoints.js';
import { makeAuthority } from '../support/certificates.js';

const FOLDER = fileURLToPath(new URL('../../deploy/kubernetes/', import.meta.url));
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));
const VALIDATOR = process.env['KUBERNETES_VALIDATE'] ?? 'kubernetes-validate';

interface Named {
  readonly name: string;
}
interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string; readonly scheme: string };
}
interface Container extends Named {
  readonly ports: readonly (Named & { readonly containerPort: number })[];
  readonly env: readonly (Named & { readonly value?: string })[];
  readonly startupProbe: Probe;
  readonly readinessProbe: Probe;
  readonly livenessProbe: Probe;
  readonly volumeMounts: readonly (Named & { readonly mountPath: string })[];
}

type Labels = Readonly<Record<string, string>>;
interface Deployment {
  readonly selector: { readonly matchLabels: Labels };
  readonly template: {
    readonly metadata: { readonly labels: Labels };
    readonly spec: { readonly containers: readonly [Container] };
  };
}

function manifest(name: string): { readonly spec: unknown; readonly data?: Labels } {
  return parse(readFileSync(join(FOLDER, name), 'utf8'));
}
const specOf = <Spec>(name: string): Spec => manifest(name).spec as Spec;
const deployment = specOf<Deployment>('deployment.yaml');
const [container] = deployment.template.spec.containers;

describe('deploy/kubernetes', () => {
  it.each(['1.29', '1.37'])('is valid for Kubernetes %s, strictly', (version) => {
    const paths = files.map((name) => join(FOLDER, name));
    const printed = execFileSync(VALIDATOR, ['--strict', '--kubernetes-version', version, ...paths], {
      encoding: 'utf8',
    });
    expect(printed.match(/passed/g)).toHaveLength(files.length);
  });

  it('finds its pods in every file', () => {
    const labels = { 'app.kubernetes.io/name': 'budget-arbiter' };
    expect(deployment.template.metadata.labels).toEqual(labels);
    expect(deployment.selector.matchLabels).toEqual(labels);
    expect(specOf('service.yaml')).toMatchObject({ selector: labels });
    expect(specOf('pod-disruption-budget.yaml')).toMatchObject({ selector: { matchLabels: labels } });
    expect(specOf('network-policy.yaml')).toMatchObject({ podSelector: { matchLabels: labels } });
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
    const { ports } = container;
    const addresses = /GRPC_ADDRESS=\S+:(\d+) HTTP_ADDRESS=\S+:(\d+)/.exec(
      readFileSync(join(FOLDER, '../../Dockerfile'), 'utf8'),
    );
    expect(ports.map(({ containerPort }) => String(containerPort))).toEqual(addresses?.slice(1));
  });

  it('has a configuration that the service accepts', () => {
    const mounted = container.volumeMounts.map(({ mountPath }) => mountPath);
    expect(mounted).toContain(container.env.find(({ name }) => name === 'CONFIG_FILE')?.value);
    const folder = mkdtempSync(join(tmpdir(), 'kubernetes-'));
    const { cert, key } = makeAuthority('x');
    writeFileSync(join(folder, 'tls.crt'), cert);
    writeFileSync(join(folder, 'tls.key'), key);
    const text = manifest('config.yaml').data?.['config.yaml'] ?? '';
    writeFileSync(join(folder, 'config.yaml'), text.replaceAll('/etc/budget-arbiter/tls/', ''));
    const { config, warnings } = loadConfig({
      CONFIG_FILE: join(folder, 'config.yaml'),
      GRPC_ADDRESS: '0.0.0.0:50051',
      HTTP_ADDRESS: '0.0.0.0:8080',
    });
    rmSync(folder, { recursive: true });
    expect(warnings).toEqual([]);
    const roles = config.credentials?.tokens?.flatMap((token) => token.roles.map(({ role }) => role));
    expect(roles).toEqual(['ai', 'operator', 'viewer']);
  });
});
