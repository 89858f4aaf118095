import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { HELM, rendered, TEMPLATE } from '../../scripts/render-kubernetes/helm.js';
import { readFromText } from './config-text.js';
import { describeHelm, type Manifest, manifestsOf, set } from './helm.js';
import { Volumes } from './pod.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const README = readFileSync(join(ROOT, 'deploy/kubernetes/README.md'), 'utf8');

/** What stands in blocks of this language, without the indent that a list gives them. */
function blocks(language: string): string[] {
  const found = README.matchAll(new RegExp(`^( *)\`\`\`${language}\\n([\\s\\S]*?)^ *\`\`\`$`, 'gm'));
  return [...found].map(([, indent = '', text = '']) => text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''));
}

/** A line as a shell takes it apart. */
function words(line: string): string[] {
  return [...line.matchAll(/(?:[^\s'"]+|'[^']*'|"[^"]*")+/g)].map(([word]) => word.replaceAll(/['"]/g, ''));
}

const commands = blocks('console').flatMap((block) => block.trim().split('\n'));
const of = (program: string) =>
  commands.filter((line) => line.startsWith(`${program} `)).map((line) => [line] as const);
const PROGRAMS = ['docker', 'helm', 'kubectl', 'npm'];

describeHelm('the commands of deploy/kubernetes/README.md', () => {
  const volumes = new Volumes();
  const values = volumes.at('my-values.yaml');
  let objects: ReadonlySet<string>;
  beforeAll(() => {
    const [own = '', ...others] = blocks('yaml');
    writeFileSync(values, own);
    expect(others.length).toBeGreaterThan(1);
    const all = set(
      'backup.enabled=true',
      'restore.enabled=true',
      'podMonitor.enabled=true',
      'autoscaling.enabled=true',
    );
    const manifests = [
      ...manifestsOf(...all).values(),
      ...manifestsOf(...set('store.kind=embedded')).values(),
    ];
    const named = manifests.map(({ kind, metadata }: Manifest) => `${kind.toLowerCase()}/${metadata.name}`);
    objects = new Set([...named, 'job/backup-now']);
  });
  afterAll(() => volumes.remove());

  it('are of programs that are known here', () => {
    expect(commands.length).toBeGreaterThan(20);
    expect(commands.filter((line) => !PROGRAMS.includes(words(line)[0] ?? ''))).toEqual([]);
  });

  it.each(of('helm'))('%s', (line) => {
    const [, verb, ...args] = words(line.replace('my-values.yaml', values));
    expect(['install', 'upgrade', 'template']).toContain(verb);
    const offline = args.filter((arg) => arg !== '--reuse-values');
    const { status, stderr } = spawnSync(HELM, [...TEMPLATE, ...offline], { cwd: ROOT, encoding: 'utf8' });
    expect(status, stderr).toBe(0);
  });

  it.each(of('npm'))('%s', (line) => {
    const { status, stdout } = spawnSync('sh', ['-c', line], { cwd: ROOT, encoding: 'utf8' });
    expect(status).toBe(0);
    expect(stdout).toMatch(/sha256: [0-9a-f]{64}/);
  });

  it.each(of('kubectl'))('%s', (line) => {
    const [, ...args] = words(line);
    const applied = args[args.indexOf('-f') + 1] ?? '';
    if (args.includes('apply')) expect(existsSync(join(ROOT, applied)), applied).toBe(true);
    const targets = args
      .map((arg) => arg.replace(/^--from=/, ''))
      .filter((arg) => /^(deployment|statefulset|job|cronjob)\//.test(arg));
    expect(targets.filter((target) => !objects.has(target))).toEqual([]);
    const [inPod, ...rest] = line.split(' -- ').slice(1);
    expect(rest).toEqual([]);
    if (inPod === undefined) return;
    const [, command = ''] = /^budget-arbiter (\S+)/.exec(inPod) ?? [];
    const help = spawnSync(volumes.at('bin/budget-arbiter'), [command, '--help'], { encoding: 'utf8' });
    expect(help, help.stderr).toMatchObject({ status: 0 });
  });

  it('make the secrets and the ConfigMap that the values name', () => {
    const defaults = parse(readFileSync(join(ROOT, 'deploy/helm/budget-arbiter/values.yaml'), 'utf8'));
    const made = commands.flatMap((line) => {
      const [, kind, name, key] =
        /create (secret generic|secret tls|configmap) (\S+) --(?:from-literal|from-file|cert)=([\w.-]+)/.exec(
          line,
        ) ?? [];
      return kind === undefined ? [] : [[name, key]];
    });
    expect(made).toEqual(
      expect.arrayContaining([
        [defaults.store.mongodb.secretName, defaults.store.mongodb.secretKey],
        [defaults.tls.secretName, 'tls.crt'],
        [defaults.podMonitor.token.secretName, defaults.podMonitor.token.secretKey],
        [
          parse(blocks('yaml').find((text) => text.startsWith('serviceAccountTokens')) ?? '')
            .serviceAccountTokens.keysConfigMap,
          'jwks.json',
        ],
      ]),
    );
  });

  it.each(blocks('yaml').map((text) => [text.split(':')[0], text] as const))(
    'show values %s that the chart takes',
    (_name, text) => {
      writeFileSync(volumes.at('shown.yaml'), text);
      const config = rendered('--values', volumes.at('shown.yaml')).get('config.yaml') ?? '';
      expect(readFromText(parse(config).data['config.yaml'])).toEqual([]);
    },
  );
});
