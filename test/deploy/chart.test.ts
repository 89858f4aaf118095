import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { CHART, HELM, rendered, TEMPLATE } from '../../scripts/render-kubernetes/helm.js';
import { differences, manifestsOfChart, manifestsOnDisk } from '../../scripts/render-kubernetes/manifests.js';
import { describeHelm, type Manifest, manifestsOf, set } from './helm.js';

const VALIDATOR = process.env['KUBERNETES_VALIDATE'] ?? 'kubernetes-validate';
const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');

const EMBEDDED = set('store.kind=embedded');
const WAYS: readonly (readonly [string, readonly string[]])[] = [
  ['its defaults', []],
  ['the embedded store', EMBEDDED],
  [
    'backups, a restore of one, and a scaler',
    set('backup.enabled=true', 'restore.enabled=true', 'restore.from=x', 'autoscaling.enabled=true'),
  ],
  [
    'backups and a restore on the embedded store',
    [...EMBEDDED, ...set('backup.enabled=true', 'restore.enabled=true', 'restore.from=x')],
  ],
  ['no TLS, no policy of the network', set('tls.secretName=', 'networkPolicy.enabled=false')],
  [
    'all that a pod may have besides',
    set(
      'priorityClassName=high',
      'nodeSelector.disk=ssd',
      'podLabels.team=ai',
      'podAnnotations.a=b',
      'image.pullSecrets[0].name=registry',
      `image.digest=sha256:${'0'.repeat(64)}`,
      'settings.LOG_LEVEL=debug',
      'settings.USAGE_RETENTION_MONTHS=12',
      'tokensSecretName=more',
      'settingsSecretName=sinks',
      'backup.enabled=true',
      'backup.existingClaim=nfs',
      'tolerations[0].operator=Exists',
    ),
  ],
];

describeHelm('the chart', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'chart-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('passes helm lint', () => {
    const { status, stdout, stderr } = spawnSync(HELM, ['lint', '--strict', CHART], { encoding: 'utf8' });
    expect(status, stdout + stderr).toBe(0);
  });

  it('renders what deploy/kubernetes has: npm run render:kubernetes', () => {
    expect(differences(manifestsOfChart(), manifestsOnDisk())).toEqual([]);
  });

  describe.each(WAYS)('with %s', (_name, args) => {
    it.each(['1.29', '1.37'])('is valid for Kubernetes %s, strictly', (version) => {
      const files = [...rendered(...args)].map(([name, text]) => {
        const file = join(folder, name);
        writeFileSync(file, text);
        return file;
      });
      const strictly = ['--strict', '--kubernetes-version', version, ...files];
      const { status, stdout, stderr } = spawnSync(VALIDATOR, strictly, { encoding: 'utf8' });
      expect(status, stdout + stderr).toBe(0);
      expect(stdout.match(/passed/g)?.length).toBeGreaterThanOrEqual(files.length);
    });
  });

  it.each([
    ['a name that is not there', ['replica=3'], 'replica'],
    ['another store', ['store.kind=redis'], 'kind'],
    ['TLS beside tls.secretName', ['config.tls.cert=a'], 'config'],
    ['a setting that the chart makes', ['settings.CONFIG_FILE=/x'], 'CONFIG_FILE'],
    [
      'several replicas of the embedded store',
      ['store.kind=embedded', 'autoscaling.enabled=true'],
      'autoscaling',
    ],
    ['a folder beside the volume', ['restore.enabled=true', 'restore.from=../x'], 'from'],
    [
      'an issuer whose tokens nobody may show',
      ['serviceAccountTokens.issuer=https://issuer.example'],
      'principals',
    ],
    ['a digest that is none', ['image.digest=latest'], 'digest'],
  ])('refuses %s', (_what, values, named) => {
    const { status, stderr } = spawnSync(HELM, [...TEMPLATE, 'x', CHART, ...set(...values)], {
      encoding: 'utf8',
    });
    expect(status).not.toBe(0);
    expect(stderr).toContain("values don't meet the specifications");
    expect(stderr).toContain(named);
  });

  it('is named by its release, so that two stand side by side', () => {
    const text = execFileSync(HELM, [...TEMPLATE, 'night', CHART], { encoding: 'utf8' });
    const names = new Set([...text.matchAll(/^ {2}name: (.*)$/gm)].map(([, name]) => name));
    expect([...names]).toEqual(['night-budget-arbiter']);
    expect(text.match(/app.kubernetes.io\/instance: night$/gm)?.length).toBeGreaterThan(5);
  });

  it('begins a new pod with another configuration, but not with other credentials', () => {
    const checksum = (...values: string[]) =>
      manifestsOf(...set(...values)).get('Deployment').spec.template.metadata.annotations['checksum/config'];
    expect(checksum()).toMatch(/^[0-9a-f]{64}$/);
    for (const same of ['replicas=3', 'config.credentials.tokens[0].name=x', 'tokensSecretName=tokens']) {
      expect([same, checksum(same)]).toEqual([same, checksum()]);
    }
    const others = [
      'config.budgets.openai.monthly_limit=5',
      'config.credentials=null',
      'config.credentials.mtls.client_ca=ca.pem',
      'tls.secretName=',
    ].map((value) => checksum(value));
    expect(new Set([checksum(), ...others]).size).toBe(others.length + 1);
  });

  it('takes tokens from a secret as well', () => {
    const all = manifestsOf(...set('tokensSecretName=more'));
    const { tokens_file: file, tokens } = parse(all.get('ConfigMap').data['config.yaml']).credentials;
    const { containers, volumes } = all.get('Deployment').spec.template.spec;
    const { name } = containers[0].volumeMounts.find(({ mountPath }: Manifest) =>
      file.startsWith(`${mountPath}/`),
    );
    expect(volumes).toContainEqual({ name, secret: { secretName: 'more', defaultMode: expect.any(Number) } });
    expect(tokens).toHaveLength(3);
  });

  it('has as limit of memory what the overload test holds the service to', () => {
    const [, mebibytes] = /^const MEMORY_BOUND_MIB = ([\d_]+);$/m.exec(read('bench/overload/main.ts')) ?? [];
    expect(mebibytes?.replace('_', '')).toBe('1024');
    expect(manifestsOf().get('Deployment').spec.template.spec.containers[0].resources.limits).toEqual({
      memory: '1Gi',
    });
  });

  it('gives files of the operator to the service and to its jobs, and secrets to the service alone', () => {
    const volume = '{"name":"ca","configMap":{"name":"mongo-ca"}}';
    const all = manifestsOf(
      ...set('backup.enabled=true', 'restore.enabled=true', 'settingsSecretName=sinks'),
      ...['--set-json', `extraVolumes=[${volume}]`],
      ...['--set-json', 'extraVolumeMounts=[{"name":"ca","mountPath":"/etc/mongo"}]'],
    );
    const pods = [
      all.get('Deployment').spec,
      all.get('CronJob').spec.jobTemplate.spec,
      all.get('Job').spec,
    ].map(({ template }) => template.spec);
    for (const { volumes, containers } of pods) {
      expect(volumes).toContainEqual(JSON.parse(volume));
      expect(containers[0].volumeMounts).toContainEqual({ name: 'ca', mountPath: '/etc/mongo' });
    }
    const secrets = pods.map(({ containers }) => containers[0].envFrom);
    expect(secrets).toEqual([[{ secretRef: { name: 'sinks' } }], undefined, undefined]);
  });

  it.each([
    ['mongodb', 'deployment/budget-arbiter'],
    ['embedded', 'statefulset/budget-arbiter'],
  ])('says what to do next: %s', (kind, workload) => {
    // Notes are shown by an installation alone; as the text of a manifest they are rendered like others.
    const copy = join(folder, `notes-${kind}`);
    cpSync(CHART, copy, { recursive: true });
    const notes = readFileSync(join(copy, 'templates/NOTES.txt'), 'utf8');
    const manifest = 'kind: Notes\ntext: |\n  {{- include "notes" . | nindent 2 }}\n';
    writeFileSync(
      join(copy, 'templates/next.yaml'),
      `{{- define "notes" -}}${notes}{{- end -}}\n${manifest}`,
    );
    const next = (...args: string[]) => {
      const shown = [
        '--namespace',
        'budgets',
        '--show-only',
        'templates/next.yaml',
        ...set(`store.kind=${kind}`),
      ];
      const printed = execFileSync(HELM, [...TEMPLATE, 'budget-arbiter', copy, ...shown, ...args], {
        encoding: 'utf8',
      });
      return parse(printed).text as string;
    };
    expect(next()).toContain(`kubectl -n budgets rollout status ${workload}\n`);
    expect(next()).toContain('budget-arbiter/client: "true"');
    expect(next(...set('networkPolicy.enabled=false'))).not.toContain('label');
    expect(next(...set('restore.enabled=true'))).toContain('job/budget-arbiter-restore\n');
  });

  it('writes large limits as they are', () => {
    const config = manifestsOf(...set('config.budgets.anthropic.monthly_limit=1000000000000')).get(
      'ConfigMap',
    );
    expect(config.data['config.yaml']).toContain('monthly_limit: 1000000000000\n');
  });

  it('leads calls to the pods that serve alone, and lets jobs reach the store too', () => {
    const all = manifestsOf(...set('backup.enabled=true', 'restore.enabled=true'));
    const { selector } = all.get('Service').spec;
    const { matchLabels } = all.get('NetworkPolicy').spec.podSelector;
    const fits = (labels: object, wanted: object) =>
      Object.entries(wanted).every(([key, value]) => (labels as Record<string, unknown>)[key] === value);
    const serving = all.get('Deployment').spec.template.metadata.labels;
    const backup = all.get('CronJob').spec.jobTemplate.spec.template.metadata.labels;
    const restore = all.get('Job').spec.template.metadata.labels;
    expect([serving, backup, restore].map((labels) => fits(labels, selector))).toEqual([true, false, false]);
    expect([serving, backup, restore].map((labels) => fits(labels, matchLabels))).toEqual([true, true, true]);
  });

  it.each([
    ['Deployment', []],
    ['Deployment', set('autoscaling.enabled=true')],
    ['StatefulSet', EMBEDDED],
  ])('serves nothing while it restores: %s %j', (kind, args) => {
    expect(manifestsOf(...args, ...set('restore.enabled=true')).get(kind).spec.replicas).toBe(0);
  });

  it('makes backups of the embedded store on its node, and not as process 1, which the service is', () => {
    const backup = (...args: readonly string[]) =>
      manifestsOf(...args, ...set('backup.enabled=true')).get('CronJob').spec.jobTemplate.spec.template.spec;
    const { shareProcessNamespace, affinity, volumes } = backup(...EMBEDDED);
    const [near] = affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution;
    const service = manifestsOf(...EMBEDDED).get('StatefulSet');
    expect(shareProcessNamespace).toBe(true);
    expect(near).toEqual({
      topologyKey: 'kubernetes.io/hostname',
      labelSelector: { matchLabels: service.spec.template.metadata.labels },
    });
    const [claim] = service.spec.volumeClaimTemplates;
    expect(volumes[0].persistentVolumeClaim.claimName).toBe(
      `${claim.metadata.name}-${service.metadata.name}-0`,
    );
    expect(backup()).not.toHaveProperty('affinity');
    expect(backup()).not.toHaveProperty('shareProcessNamespace');
  });

  it('leaves the number of replicas to a scaler', () => {
    const all = manifestsOf(...set('autoscaling.enabled=true'));
    expect(all.get('Deployment').spec).not.toHaveProperty('replicas');
    expect(all.get('HorizontalPodAutoscaler').spec.scaleTargetRef).toEqual({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      name: all.get('Deployment').metadata.name,
    });
  });

  it('opens names on the node, and a range of ports of a private endpoint', () => {
    const ports = set(
      'networkPolicy.mongodb.ports[0].port=1024',
      'networkPolicy.mongodb.ports[0].endPort=65535',
    );
    const to = set('networkPolicy.mongodb.to[0].ipBlock.cidr=10.20.0.0/16');
    const [names, store] = manifestsOf(...ports, ...to).get('NetworkPolicy').spec.egress;
    expect(names.to[1]).toEqual({ ipBlock: { cidr: '169.254.20.10/32' } });
    expect(names.ports).toEqual([
      { port: 53, protocol: 'UDP' },
      { port: 53, protocol: 'TCP' },
    ]);
    expect(store).toEqual({
      to: [{ ipBlock: { cidr: '10.20.0.0/16' } }],
      ports: [{ port: 1024, endPort: 65535, protocol: 'TCP' }],
    });
    const [withoutNode] = manifestsOf(...set('networkPolicy.nodeLocalDns=')).get('NetworkPolicy').spec.egress;
    expect(withoutNode.to).toHaveLength(1);
    expect(manifestsOf(...EMBEDDED).get('NetworkPolicy').spec.egress).toHaveLength(2);
  });

  it('has a PodMonitor only where it is asked for, with the job that the rules of Prometheus want', () => {
    expect(manifestsOf().has('PodMonitor')).toBe(false);
    const { spec } = manifestsOf('--namespace', 'budgets', ...set('podMonitor.enabled=true')).get(
      'PodMonitor',
    );
    const labels = manifestsOf().get('Deployment').spec.template.metadata.labels;
    expect(labels).toMatchObject(spec.selector.matchLabels);
    expect(read('deploy/prometheus/alerts.yaml')).toContain(`job="${labels[spec.jobLabel]}"`);
    expect(spec.podMetricsEndpoints).toEqual([
      {
        port: 'http',
        path: '/metrics',
        interval: '30s',
        scheme: 'https',
        authorization: { credentials: { name: 'budget-arbiter-metrics', key: 'token' } },
        tlsConfig: {
          serverName: 'budget-arbiter.budgets.svc',
          ca: { secret: { name: 'budget-arbiter-tls', key: 'ca.crt' } },
        },
      },
    ]);
  });

  it('has every value in its schema, and the other way round', () => {
    const values = parse(read('deploy/helm/budget-arbiter/values.yaml'));
    const schema = JSON.parse(read('deploy/helm/budget-arbiter/values.schema.json'));
    const paths = (
      value: unknown,
      shape: { properties?: Record<string, never> } | undefined,
      at = '',
    ): string[] =>
      Object.keys(shape?.properties ?? {}).flatMap((key) => {
        const inner = (value as Record<string, unknown> | undefined)?.[key];
        return inner === undefined ? [`${at}${key}`] : paths(inner, shape?.properties?.[key], `${at}${key}.`);
      });
    expect(paths(values, schema)).toEqual(['global']);
    const closed = (shape: { properties?: object; additionalProperties?: boolean }): boolean =>
      shape.properties === undefined ||
      (shape.additionalProperties === false && Object.values(shape.properties).every(closed));
    expect(closed(schema), stringify(schema)).toBe(true);
  });
});
