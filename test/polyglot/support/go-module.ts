import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const PACKAGE = fileURLToPath(new URL('../../../clients/go', import.meta.url));
export const MODULE = 'github.com/budget-arbiter/budget-arbiter/clients/go';
const run = promisify(execFile);

/** An empty module outside of this repository, which requires the package as it is here. */
export interface GoModule {
  readonly folder: string;
  /** Runs a command in it. Returns what that printed. */
  run(command: string, ...args: string[]): Promise<string>;
  remove(): Promise<void>;
}

export async function goModule(env: Readonly<Record<string, string>> = {}): Promise<GoModule> {
  const folder = await mkdtemp(path.join(tmpdir(), 'go-module-'));
  const sums = await readFile(path.join(PACKAGE, 'go.sum'), 'utf8');
  await writeFile(path.join(folder, 'go.sum'), sums);
  const own = async (command: string, ...args: string[]) =>
    (await run(command, args, { cwd: folder, env: { ...process.env, ...env }, maxBuffer: 1 << 26 })).stdout;
  await own('go', 'mod', 'init', 'example.com/empty');
  await own('go', 'mod', 'edit', `-require=${MODULE}@v0.0.0`, `-replace=${MODULE}=${PACKAGE}`);
  return { folder, run: own, remove: () => rm(folder, { recursive: true, force: true }) };
}
