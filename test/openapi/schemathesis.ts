import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const CONFIG = fileURLToPath(new URL('../../schemathesis.toml', import.meta.url));
const EXAMPLES = 25;
/**
 * Run beside each other, since the service answers those who show wrong credentials late. Processes of their own: threads of
 * one trip over a fault of Python 3.11.
 */
const PARTS = [
  '/budgetarbiter\\.v1\\.BudgetService/[A-F]',
  '/budgetarbiter\\.v1\\.BudgetService/[G-Z]',
  '/budgetarbiter\\.v1\\.BudgetAdminService/[A-F]',
  '/budgetarbiter\\.v1\\.BudgetAdminService/[G-L]',
  '/budgetarbiter\\.v1\\.BudgetAdminService/[M-Z]',
  '^/(?!budgetarbiter)',
];

export interface Run {
  readonly code: number | null;
  /** What it printed, with a command that repeats each finding. */
  readonly printed: string;
}

/** Lets schemathesis read the document of a service, and try what it says. */
export function schemathesis(httpAddress: string, seed: number, token?: string): Promise<Run[]> {
  const shown = token === undefined ? [] : ['--header', `Authorization: Bearer ${token}`];
  return Promise.all(
    PARTS.map((part) =>
      run([
        ...[
          `http://${httpAddress}/openapi.json`,
          '--include-path-regex',
          part,
          '--seed',
          String(seed),
          ...shown,
        ],
        ...['--max-examples', String(EXAMPLES), '--phases', 'examples,coverage,fuzzing', '--no-color'],
      ]),
    ),
  );
}

/** In a folder of its own, where it keeps what it found: the next run begins anew. */
async function run(args: readonly string[]): Promise<Run> {
  const cwd = await mkdtemp(path.join(tmpdir(), 'schemathesis-'));
  const child = spawn('schemathesis', [`--config-file=${CONFIG}`, 'run', ...args], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
    });
  }
  const [code] = (await once(child, 'close')) as [number | null];
  await rm(cwd, { recursive: true });
  return { code, printed };
}
