import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { output as outputOf } from '../../scripts/polyglot/output.js';
import { pythonWith } from '../../scripts/polyglot/python-with.js';
import { builtOnce } from './support/built-once.js';

export const PACKAGE = fileURLToPath(new URL('../../clients/python', import.meta.url));

/** Runs a program in the package's folder unless `cwd` says otherwise. */
export const output: typeof outputOf = (program, args, where = {}) =>
  outputOf(program, args, { cwd: PACKAGE, ...where });

/** In a folder of its own: what the set of requirements has, the package from its built file, and nothing of the source. */
const INSTALL = `
"$2" -m venv --without-pip "$1"
site=$("$1/bin/python" -c 'import site; print(site.getsitepackages()[0])')
"$2" -c 'import site; print(site.getsitepackages()[0])' >"$site/requirements.pth"
"$2" -m pip --python "$1/bin/python" install --quiet --no-deps --no-index --ignore-installed "$3"
for script in $(grep -Il "^#!$2$" "\${2%/*}"/*); do
  [ -e "$1/bin/\${script##*/}" ] || { sed "1s|.*|#!$1/bin/python|" "$script" >"$1/bin/\${script##*/}"; chmod +x "$1/bin/\${script##*/}"; }
done
`;

/** A Python with the package installed, for all files of a run. The environment with the requirements stays as it is. */
export async function pythonWithPackage(set: string, interpreter = 'python3'): Promise<string> {
  const name = `python-${set}-${interpreter.replaceAll(/[^\w.]+/g, '-')}`;
  const folder = await builtOnce(name, async (folder) => {
    const requirements = await pythonWith(set, interpreter);
    await output('sh', ['-ec', INSTALL, 'sh', folder, requirements, await builtWheel()]);
  });
  return path.join(folder, 'bin/python');
}

/** `python -m build`, in a copy: the folder of the source stays as it is. Returns the path of the wheel. */
export async function builtWheel(): Promise<string> {
  const folder = await builtOnce('wheel', async (folder) => {
    const source = await mkdtemp(path.join(tmpdir(), 'budget-arbiter-source-'));
    await output('cp', ['-R', `${PACKAGE}/.`, source]);
    // What `pip install` of the folder left there would be taken for the newer.
    await output('rm', ['-rf', 'build', 'dist', 'src/budget_arbiter.egg-info'], { cwd: source });
    const python = await pythonWith('tools');
    await output(python, ['-m', 'build', '--no-isolation', '--outdir', folder, source]);
    await rm(source, { recursive: true });
  });
  const built = await readdir(folder);
  const wheel = built.find((name) => name.endsWith('.whl'));
  if (wheel === undefined || !built.some((name) => name.endsWith('.tar.gz'))) {
    throw new Error(`neither a wheel nor a source distribution: ${built.join(' ')}`);
  }
  return path.join(folder, wheel);
}

/** The blocks of Python in the README, in order. */
export function readmeBlocks(): string[] {
  const text = readFileSync(path.join(PACKAGE, 'README.md'), 'utf8');
  return [...text.matchAll(/^```python\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block);
}
