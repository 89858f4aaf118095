import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

export interface Ran {
  /** Null: it was killed. */
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The built bin; before the first build, its source. */
export function startCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): ChildProcessWithoutNullStreams {
  const built = join(ROOT, 'dist/bin.js');
  const entry = existsSync(built) ? [built] : ['--import', 'tsx', join(ROOT, 'src/bin.ts')];
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(MONGODB_|GRPC_|HTTP_|DATA_DIR|CONFIG_FILE|ARBITER_)/.test(name),
    ),
  );
  return spawn(process.execPath, [...entry, ...args], { cwd: ROOT, env: { ...inherited, ...env } });
}

/** Runs the bin in a process of its own; `killAfter` ends it as a crash would, once it has printed so many lines. */
export async function runCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  killAfter = Number.POSITIVE_INFINITY,
): Promise<Ran> {
  const child = startCommand(args, env);
  const lines: string[] = [];
  let err = '';
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    if (lines.length >= killAfter) child.kill('SIGKILL');
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out: lines.map((line) => `${line}\n`).join(''), err };
}
