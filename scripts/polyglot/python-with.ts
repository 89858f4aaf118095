import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { CACHE } from './cache.js';
import { output } from './output.js';

const REQUIREMENTS = fileURLToPath(new URL('../../clients/python/tests/requirements', import.meta.url));
/** Each is the name of a file of requirements. */
export const PYTHON_SETS = ['base', 'sdk', 'litellm', 'oldest', 'tools', 'docs'] as const;

/** A half-made one is never seen: it gets its mark when it is whole. */
const MAKE = `
[ -f "$1/whole" ] && exit
rm -rf "$1"
"$2" -m venv "$1"
"$1/bin/python" -m pip install --quiet --requirement "$3"
touch "$1/whole"
`;

/**
 * The Python of a virtual environment with what `tests/requirements/NAME.txt` pins, made once for what the file says, whoever asks for it
 * at the same time.
 */
export async function pythonWith(name: string, interpreter = 'python3'): Promise<string> {
  const file = path.join(REQUIREMENTS, `${name}.txt`);
  const base = readFileSync(path.join(REQUIREMENTS, 'base.txt'));
  const version = await output(interpreter, ['-c', 'import sys; print(sys.version)']);
  const digest = createHash('sha256').update(version).update(readFileSync(file)).update(base).digest('hex');
  const folder = path.join(CACHE, `python-${name}-${digest.slice(0, 12)}`);
  if (!existsSync(path.join(folder, 'whole'))) {
    await mkdir(CACHE, { recursive: true });
    await output('flock', [`${folder}.lock`, 'sh', '-ec', MAKE, 'sh', folder, interpreter, file]);
  }
  return path.join(folder, 'bin/python');
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
