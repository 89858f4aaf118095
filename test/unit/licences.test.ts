import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dev?: true; readonly license?: string }>>;
}

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lock;
/** What the image holds: `npm prune --omit=dev` leaves these, as far as they are made for this machine. */
const shipped = Object.entries(lock.packages)
  .filter(([path, { dev }]) => path !== '' && !dev && existsSync(path))
  .map(([path]) => path)
  .filter((path) => !/\/(@types\/|undici-types)/.test(path));

function licencesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => /^(licen[cs]e|copying|notice)(\.(md|txt))?$/i.test(name))
    .sort();
}

/** Names are all that the pruning looks at. */
function copyNames(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (entry.name === 'node_modules') continue;
    if (entry.isDirectory()) copyNames(join(from, entry.name), join(to, entry.name));
    else writeFileSync(join(to, entry.name), '');
  }
}

describe('what docker/prune.mjs leaves for the image', () => {
  let root: string;
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'pruned-'));
    for (const path of shipped) copyNames(path, join(root, path));
    execFileSync(process.execPath, ['docker/prune.mjs', join(root, 'node_modules')]);
  });
  afterAll(() => rmSync(root, { recursive: true }));

  it('has every licence file, those in Markdown too', () => {
    expect(shipped.length).toBeGreaterThan(30);
    const before = shipped.map((path) => [path, licencesIn(path)]);
    expect(shipped.map((path) => [path, licencesIn(join(root, path))])).toEqual(before);
    expect(licencesIn(join(root, 'node_modules/mongodb'))).toEqual(['LICENSE.md']);
  });

  it('knows the licence of every package, as a file or by its name', () => {
    const unknown = shipped.filter(
      (path) => licencesIn(join(root, path)).length === 0 && lock.packages[path]?.license === undefined,
    );
    expect(unknown).toEqual([]);
  });

  it('has no manuals, typings and sources', () => {
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' });
    expect(files.some((file) => file.endsWith('.js'))).toBe(true);
    expect(files.filter((file) => /(\.d\.ts|\.map|readme\.md|changelog\.md)$/i.test(file))).toEqual([]);
  });
});

describe('the image', () => {
  const dockerfile = readFileSync('Dockerfile', 'utf8');
  const { version, license } = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, string>;

  it('has our own licence', () => {
    expect(readFileSync('.dockerignore', 'utf8').split('\n')).toContain('!LICENSE');
    expect(dockerfile).toMatch(/^COPY .*\bLICENSE \.\/$/m);
    expect(dockerfile).toMatch(/^COPY --from=build .*\/build\/LICENSE \/app\/$/m);
  });

  it('says what it is', () => {
    const labels = Object.fromEntries(
      [...dockerfile.matchAll(/org\.opencontainers\.image\.(\S+)="([^"]*)"/g)].map(([, name, text]) => [
        name,
        text,
      ]),
    );
    expect(labels).toMatchObject({ title: 'budget-arbiter', version, licenses: license });
    // Arguments, which a build names.
    expect(labels).toMatchObject({ revision: `\${REVISION}`, 'base.name': `\${BASE}` });
  });
});

it('`npm run sbom` lists what is shipped, and nothing that only builds or tests', () => {
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev', '--package-lock-only'];
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: { sbom: string } };
  for (const arg of args) expect(scripts.sbom.split(' ')).toContain(arg);
  const { bomFormat, components } = JSON.parse(execFileSync('npm', args, { encoding: 'utf8' })) as {
    bomFormat: string;
    components: { name: string }[];
  };
  expect(bomFormat).toBe('CycloneDX');
  const names = components.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['mongodb', 'lmdb', '@grpc/grpc-js']));
  expect(names).not.toContain('vitest');
});
