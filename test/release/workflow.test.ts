import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import packageJson from '../../package.json' with { type: 'json' };

const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
const TEXT = read('.github/workflows/release.yaml');

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}
interface Job {
  readonly needs?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly 'timeout-minutes': number;
  readonly steps: readonly Step[];
}
const workflow = parse(TEXT) as {
  readonly on: { readonly push: { readonly tags: readonly string[] } };
  readonly permissions: Readonly<Record<string, string>>;
  readonly defaults: object;
  readonly jobs: Readonly<Record<string, Job>>;
};
const { jobs } = workflow;
const steps = Object.values(jobs).flatMap((job) => job.steps);
const scripts = steps.flatMap(({ run }) => (run === undefined ? [] : [run]));
const BAKE = read('docker-bake.hcl');

describe('the release workflow', () => {
  it('starts with the tag of a version, and with nothing else', () => {
    expect(workflow.on).toEqual({ push: { tags: ['v[0-9]+.[0-9]+.[0-9]+'] } });
  });

  it('takes the actions of others by commit, and says which version that is', () => {
    const used = [...TEXT.matchAll(/uses: (.*)$/gm)].map(([, what]) => what);
    expect(used.length).toBe(steps.filter(({ uses }) => uses !== undefined).length);
    expect(used.filter((what) => !/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(what ?? ''))).toEqual(
      [],
    );
  });

  it('runs commands that package.json has', () => {
    const run = scripts.flatMap((script) =>
      [...script.matchAll(/npm run (?:--silent )?([\w:-]+)/g)].map(([, name = '']) => name),
    );
    expect(run).toEqual(expect.arrayContaining(['check', 'sbom', 'pin:base']));
    expect(run.filter((name) => !(name in packageJson.scripts))).toEqual([]);
    expect(scripts).toContain('npm test');
  });

  it('names files that there are, or that a step before has made', () => {
    expect(scripts.join('\n')).toContain('helm package deploy/helm/budget-arbiter\n');
    expect(existsSync(new URL('../../deploy/helm/budget-arbiter/Chart.yaml', import.meta.url))).toBe(true);
    expect(packageJson.scripts.sbom).toContain('> budget-arbiter.cdx.json');
    const made = ['budget-arbiter.cdx.json', 'image.json', 'chart.txt'];
    const kept = String(steps.find(({ uses }) => uses?.includes('upload-artifact'))?.with?.['path'])
      .trim()
      .split('\n');
    expect(kept).toEqual(made);
    for (const file of made.slice(1))
      expect(scripts.join('\n')).toMatch(new RegExp(`(--metadata-file|tee) ${file}`));
  });

  it('builds what docker-bake.hcl calls so, by variables that it has', () => {
    const targets = scripts.flatMap((script) =>
      [...script.matchAll(/docker buildx bake .* (\w+)$/gm)].map(([, name]) => name),
    );
    expect(targets).toEqual(['image', 'image']);
    expect(BAKE).toContain('target "image" {');
    const variables = [...BAKE.matchAll(/^variable "(\w+)"/gm)].map(([, name = '']) => name);
    const given = [
      ...Object.keys(jobs['image']?.env ?? {}),
      ...[...TEXT.matchAll(/echo "(\w+)=/g)].map(([, name = '']) => name),
    ];
    expect(variables.filter((name) => !given.includes(name))).toEqual([]);
  });

  it('pushes only what was tested, and what starts', () => {
    expect(jobs['image']?.needs).toBe('test');
    const order = (part: string) => scripts.findIndex((script) => script.includes(part));
    expect(order('budget-arbiter health')).toBeLessThan(order('--push'));
    expect(order('--push')).toBeLessThan(order('cosign sign'));
  });

  it('signs by who runs it, and may do nothing else', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
    expect(jobs['test']).not.toHaveProperty('permissions');
    expect(jobs['image']?.permissions).toEqual({ contents: 'read', 'id-token': 'write' });
    const signed = scripts.flatMap((script) =>
      [...script.matchAll(/cosign (?:sign|attest) .*$/gm)].map(([line]) => line),
    );
    expect(signed).toHaveLength(3);
    for (const line of signed) expect(line).toMatch(/ --yes .*"\$[^"]+"$/);
  });

  it('names no registry, and puts no expression into a script', () => {
    const hosts = TEXT.replaceAll(/^#.*$/gm, '').match(/\b[\w-]+\.(?:io|com|dev|org|net)\b/g) ?? [];
    expect(hosts).toEqual([]);
    expect(scripts.filter((script) => script.includes('${{'))).toEqual([]);
  });

  it('fails with whatever fails in a pipe', () => {
    expect(workflow.defaults).toEqual({ run: { shell: 'bash' } });
  });

  it('ends, whatever hangs', () => {
    for (const job of Object.values(jobs)) expect(job['timeout-minutes']).toBeGreaterThan(0);
  });
});

describe('docker-bake.hcl', () => {
  const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, object> };

  it('builds for machines that the native parts have builds for', () => {
    const platforms = /platforms = \[(.*)\]/.exec(BAKE)?.[1]?.match(/[\w/]+/g);
    expect(platforms).toEqual(['linux/amd64', 'linux/arm64']);
    for (const machine of ['linux-x64', 'linux-arm64']) {
      expect(lock.packages).toHaveProperty([`node_modules/@lmdb/lmdb-${machine}`]);
      expect(existsSync(`node_modules/fs-native-extensions/prebuilds/${machine}`)).toBe(true);
    }
  });

  it('has the base of the Dockerfile unless it is told another, and gives arguments that the Dockerfile takes', () => {
    const dockerfile = read('Dockerfile');
    const [, base] = /^ARG BASE=(\S+)$/m.exec(dockerfile) ?? [];
    expect(BAKE).toContain(`variable "BASE" {\n  default = "${base}"\n}`);
    const [, given = ''] = /args = \{\n([^}]*)\}/.exec(BAKE) ?? [];
    const names = [...given.matchAll(/^ +(\w+) +=/gm)].map(([, name = '']) => name);
    expect(names).toEqual(['BASE', 'REVISION']);
    for (const name of names) expect(dockerfile).toMatch(new RegExp(`^ARG ${name}=`, 'm'));
  });
});
