import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { output } from '../../../scripts/polyglot/output.js';
import { builtOnce } from './built-once.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
export const PACKAGE = path.join(ROOT, 'clients/go');
export const MODULE = 'github.com/budget-arbiter/budget-arbiter/clients/go';
export const VERSION = 'v0.1.0';

/** A module outside of this repository, which gets the packages as a module proxy hands them out. */
export interface GoModule {
  readonly folder: string;
  /** Runs a command in it. Returns what that printed. */
  run(command: string, ...args: string[]): Promise<string>;
  remove(): Promise<void>;
}

/** Empty, or with the files of `source`. */
export async function goModule(
  env: Readonly<Record<string, string>> = {},
  source?: string,
): Promise<GoModule> {
  const folder = await mkdtemp(path.join(tmpdir(), 'go-module-'));
  const own = { ...(await proxied()), ...env };
  const run = (command: string, ...args: string[]) => output(command, args, { cwd: folder, env: own });
  if (source !== undefined) await run('cp', '-R', `${source}/.`, folder);
  else {
    await run('go', 'mod', 'init', 'example.com/empty');
    await run('go', 'mod', 'edit', `-require=${MODULE}@${VERSION}`);
  }
  return { folder, run, remove: () => rm(folder, { recursive: true, force: true }) };
}

/**
 * Where `go` finds the packages as built, and all else where it has it already. Its cache is the run's own: in one that is kept, a version
 * would never change.
 */
async function proxied(): Promise<Record<string, string>> {
  const folder = await builtOnce('go', async (folder) => {
    const modules = [`${MODULE}=${PACKAGE}`, `${MODULE}/otelarbiter=${path.join(PACKAGE, 'otelarbiter')}`];
    const args = ['run', '.', path.join(folder, 'proxy'), VERSION, ...modules];
    await output('go', args, { cwd: path.join(ROOT, 'scripts/polyglot/go-proxy') });
  });
  const [proxy = '', cache = ''] = (await output('go', ['env', 'GOPROXY', 'GOMODCACHE'])).split('\n');
  return {
    GOPROXY: `file://${folder}/proxy,file://${cache}/cache/download,${proxy}`,
    GOMODCACHE: path.join(folder, 'cache'),
    GONOSUMDB: '*',
    GOFLAGS: '-mod=mod -modcacherw -trimpath',
    GOWORK: 'off',
  };
}
