import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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

/** Where the mistake is to be made: the one file that declares the name and has the text once. */
export function placeOf({ at, find }: Pick<Mutation, 'at' | 'find'>): string {
  const declared = new RegExp(
    `\\b(?:function|class|const) ${at}\\b|^ {2}(?:(?:private|async|readonly|static) )*\\*?${at}(?:<.*>)?(?: = )?\\(`,
    'm',
  );
  const places = mutable().filter((file) => {
    const text = readFileSync(join(ROOT, file), 'utf8');
    return declared.test(text) && text.split(find).length === 2;
  });
  if (places.length === 1 && places[0] !== undefined) return places[0];
  throw new Error(`${places.length} files declare ${at} and contain once: ${find}`);
}

/** The sources, and the store that the simulation plays. */
function mutable(): string[] {
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.startsWith('gen'))
    .map((file) => `src/${file}`);
  return [...sources, 'test/simulation/sim-store.ts'];
}

/** Runs the simulation on a copy of the sources with the mistake in it. */
export function runMutation(mutation: Mutation, seeds: number): Verdict {
  const { find, replace, script = 'test/simulation/main.ts' } = mutation;
  const file = placeOf(mutation);
  const text = readFileSync(join(ROOT, file), 'utf8');
  const copy = mkdtempSync(join(tmpdir(), 'mutation-'));
  try {
    for (const part of ['src', 'scripts', 'test', 'package.json', 'tsconfig.json']) {
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
