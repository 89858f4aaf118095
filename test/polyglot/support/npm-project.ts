import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const SOURCES = path.join(ROOT, 'test/polyglot/typescript');
const PACKAGES = ['clients/typescript', 'clients/ai-sdk'];
/** To pack is to build in the folder of the package, and other tests pack, too. */
const LOCK = path.join(tmpdir(), 'budget-arbiter-npm-pack.lock');
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
  for (const each of PACKAGES) {
    const pack = ['npm', 'pack', '--silent', '--pack-destination', folder];
    await run('flock', [LOCK, ...pack], { cwd: path.join(ROOT, each) });
  }
  const packed = (await readdir(folder)).filter((file) => file.endsWith('.tgz'));
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  await run('npm', ['install', ...quiet, ...packed.map((file) => `./${file}`)], { cwd: folder });
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
