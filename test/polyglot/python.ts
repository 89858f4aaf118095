import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
export const PACKAGE = fileURLToPath(new URL('../../clients/python', import.meta.url));
const CACHE = path.join(process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'), 'budget-arbiter-ci');

/** Runs a program to its end. Returns what it printed; rejects with all of it if it fails. */
export async function output(
  program: string,
  args: readonly string[],
  { cwd = PACKAGE, env = {} }: { cwd?: string; env?: Record<string, string> } = {},
): Promise<string> {
  const own = { ...process.env, PYTHONDONTWRITEBYTECODE: '1', PIP_DISABLE_PIP_VERSION_CHECK: '1', ...env };
  try {
    return (await run(program, [...args], { cwd, env: own, maxBuffer: 1 << 26 })).stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${program} ${args.join(' ')}\n${stdout}\n${stderr}`, { cause: error });
  }
}

/**
 * The Python of a virtual environment with what `tests/requirements/NAME.txt` pins, made once for what the file says.
 * A half-made one is never seen: it gets its name when it is whole.
 */
export async function pythonWith(name: string, interpreter = 'python3'): Promise<string> {
  const file = path.join(PACKAGE, 'tests/requirements', `${name}.txt`);
  const base = readFileSync(path.join(PACKAGE, 'tests/requirements/base.txt'));
  const version = await output(interpreter, ['-c', 'import sys; print(sys.version)']);
  const digest = createHash('sha256').update(version).update(readFileSync(file)).update(base).digest('hex');
  const folder = path.join(CACHE, `python-${name}-${digest.slice(0, 12)}`);
  const python = path.join(folder, 'bin/python');
  const mark = path.join(folder, 'whole');
  if (!existsSync(mark)) {
    await rm(folder, { recursive: true, force: true });
    await output(interpreter, ['-m', 'venv', folder]);
    await output(python, ['-m', 'pip', 'install', '--quiet', '--requirement', file]);
    await output(python, ['-c', `open(${JSON.stringify(mark)}, 'w')`]);
  }
  return python;
}

/** Builds the package and puts the built file, and nothing of the source, into a virtual environment. */
export async function installInto(python: string, wheel: string): Promise<void> {
  await output(python, ['-m', 'pip', 'install', '--quiet', '--no-deps', '--force-reinstall', wheel]);
}

/** `python -m build`, in a copy: the folder of the source stays as it is. Returns the path of the wheel. */
export async function buildWheel(): Promise<string> {
  const python = await pythonWith('tools');
  const folder = await mkdtemp(path.join(tmpdir(), 'budget-arbiter-wheel-'));
  await output('cp', ['-R', PACKAGE, path.join(folder, 'source')]);
  await output(python, ['-m', 'build', '--no-isolation', '--outdir', folder, path.join(folder, 'source')]);
  const built = await readdir(folder);
  const wheel = built.find((name) => name.endsWith('.whl'));
  if (wheel === undefined || !built.some((name) => name.endsWith('.tar.gz'))) {
    throw new Error(`neither a wheel nor a source distribution: ${built.join(' ')}`);
  }
  await rm(path.join(folder, 'source'), { recursive: true });
  return path.join(folder, wheel);
}

/** The other interpreters that are supported and are here, by version. */
export async function otherPythons(): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const versions = path.join(homedir(), '.pyenv/versions');
  const kept = existsSync(versions) ? await readdir(versions) : [];
  for (const version of ['3.10', '3.12', '3.13']) {
    const own = kept.find((name) => name.startsWith(`${version}.`));
    const candidates = [`/usr/bin/python${version}`, own && path.join(versions, own, 'bin/python3')];
    const python = candidates.find((candidate) => candidate !== undefined && existsSync(candidate));
    if (python) found.set(version, python);
  }
  return found;
}

/** The blocks of Python in the README, in order. */
export function readmeBlocks(): string[] {
  const text = readFileSync(path.join(PACKAGE, 'README.md'), 'utf8');
  return [...text.matchAll(/^```python\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block);
}
