import { fileURLToPath } from 'node:url';
import { output } from '../polyglot/output.js';
import { pythonWith } from '../polyglot/python-with.js';

const SOURCE = fileURLToPath(new URL('../../clients/python/src', import.meta.url));
/** What others import. The modules beneath may change with any release. */
const MODULES = [
  'budget_arbiter',
  'budget_arbiter.testing',
  'budget_arbiter.langchain',
  'budget_arbiter.litellm',
];

/** By pdoc. That whatever is public has a docstring, `ruff` sees to. */
export async function pythonReference(folder: string): Promise<void> {
  const python = await pythonWith('docs');
  const quiet = ['-W', 'error::UserWarning'];
  const args = ['-m', 'pdoc', '--docformat', 'markdown', '--output-directory', folder, ...MODULES];
  const env = { PYTHONPATH: SOURCE, LITELLM_LOCAL_MODEL_COST_MAP: 'True' };
  await output(python, [...quiet, ...args], { env });
}
