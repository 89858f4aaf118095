import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Mutation } from './mutation.js';

const ROOT = join(import.meta.dirname, '../../..');

export interface Verdict {
  readonly caught: boolean;
  readonly seed?: number;
  /** What was violated first; or what went wrong with the attempt. */
  readonly violation: string;
}

/** Whether the mistake can still be made: the place that it changes is there. */
export function applies({ file, find }: Mutation): boolean {
  return readFileSync(join(ROOT, file), 'utf8').split(find).length === 2;
}

/** Runs the simulation on a copy of the sources with the mistake in it. */
export function runMutation(mutation: Mutation, seeds: number): Verdict {
  const { file, find, replace, script = 'test/simulation/main.ts' } = mutation;
  if (!applies(mutation)) throw new Error(`${file} has changed: it must contain once: ${find}`);
  const text = readFileSync(join(ROOT, file), 'utf8');
  const copy = mkdtempSync(join(tmpdir(), 'mutation-'));
  try {
    for (const part of ['src', 'test', 'package.json', 'tsconfig.json']) {
      cpSync(join(ROOT, part), join(copy, part), { recursive: true });
    }
    symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
    writeFileSync(
      join(copy, file),
      text.replace(find, () => replace),
    );
    const args = ['--import', 'tsx', script, '--brief', '--seeds', String(seeds)];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: copy, encoding: 'utf8' });
    const [, seed, violation = ''] = /seed (\d+) fails: (.*)/.exec(stdout) ?? [];
    if (seed !== undefined) return { caught: true, seed: Number(seed), violation };
    return { caught: false, violation: status === 0 ? 'SURVIVED' : `no verdict: ${stderr.slice(0, 500)}` };
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
