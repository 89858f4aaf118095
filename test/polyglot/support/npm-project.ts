import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { builtOnce } from './built-once.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const SOURCES = path.join(ROOT, 'test/polyglot/typescript');
const PACKAGES = ['clients/typescript', 'clients/ai-sdk'];
const NOT_SOURCES = ['node_modules', '.next'];
const run = promisify(execFile);

/** A folder outside of this repository, with the packages as a registry would hand them out, and other packages beside them. */
export interface NpmProject {
  readonly folder: string;
  /** Runs a program of the folder, with these variables alone of the service's. Returns what it printed. */
  run(program: string, env: Readonly<Record<string, string>>): Promise<string>;
  remove(): Promise<void>;
}

/**
 * A copy of the folder `sources`. `versions` win over those of its `package.json`; with `node` among them, programs run on that.
 */
export async function npmProject(
  versions: Readonly<Record<string, string>> = {},
  sources = SOURCES,
): Promise<NpmProject> {
  const folder = await mkdtemp(path.join(tmpdir(), 'client-project-'));
  const isSource = (from: string) => !NOT_SOURCES.includes(path.basename(from));
  await cp(sources, folder, { recursive: true, filter: isSource });
  const manifest = path.join(folder, 'package.json');
  const project = JSON.parse(await readFile(manifest, 'utf8'));
  Object.assign(project.dependencies, versions);
  await writeFile(manifest, JSON.stringify(project));
  const packages = await builtOnce('npm', pack);
  const packed = await readdir(packages);
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  await run('npm', ['install', ...quiet, ...packed.map((file) => path.join(packages, file))], {
    cwd: folder,
  });
  const node = 'node' in versions ? path.join(folder, 'node_modules/.bin/node') : process.execPath;
  return {
    folder,
    run: async (program, env) =>
      (
        await run(node, program.split(' '), {
          cwd: folder,
          env: { ...process.env, ...env },
          timeout: 240_000,
        })
      ).stdout,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** In a copy: to pack is to build in the folder of the package, and examples build there, too. */
async function pack(packed: string): Promise<void> {
  const copy = await mkdtemp(path.join(tmpdir(), 'client-packages-'));
  await cp(path.join(ROOT, 'tsconfig.json'), path.join(copy, 'tsconfig.json'));
  await symlink(path.join(ROOT, 'node_modules'), path.join(copy, 'node_modules'));
  const isSource = (from: string) => !['node_modules', 'dist'].includes(path.basename(from));
  for (const each of PACKAGES) {
    await cp(path.join(ROOT, each), path.join(copy, each), { recursive: true, filter: isSource });
  }
  for (const each of PACKAGES) {
    await run('npm', ['pack', '--silent', '--pack-destination', packed], { cwd: path.join(copy, each) });
  }
  await rm(copy, { recursive: true });
}
