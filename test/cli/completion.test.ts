// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the shell that fills them in
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { cli } from './support.js';

const has = (shell: string): boolean => spawnSync(shell, ['-c', 'true']).status === 0;

async function scriptFor(shell: string): Promise<string> {
  const { code, out, err } = await cli(['completion', shell]);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return out;
}

function ran(shell: string, args: readonly string[], input: string): string[] {
  const { stdout, stderr } = spawnSync(shell, args, { input, encoding: 'utf8' });
  expect(stderr).toBe('');
  return stdout.split('\n').filter(Boolean);
}

/** What a person typed, and what completes the last word. */
const TYPED: readonly (readonly [words: readonly string[], expected: readonly string[]])[] = [
  [['st'], ['status']],
  [
    ['policy', ''],
    ['get', 'set', 'preview', 'history'],
  ],
  [['policy', 'set', '--fi'], ['--file']],
  [['changes', 'u'], ['undo']],
  [['--address', 'h:1', 'po'], ['policy']],
  [['token', '--role', 'o'], ['operator']],
  [['completion', 'f'], ['fish']],
  [['leases', 'anthropic', '--js'], ['--json']],
];

describe('completion', () => {
  it.each(TYPED)('in bash of %j', async (words, expected) => {
    const script = await scriptFor('bash');
    const typed = ['budget-arbiter', ...words].map((word) => `'${word}'`).join(' ');
    const input = `${script}\nCOMP_WORDS=(${typed}); COMP_CWORD=${words.length}; _budget_arbiter; printf '%s\\n' "\${COMPREPLY[@]}"`;
    expect(ran('bash', [], input)).toEqual(expected);
  });

  it('in bash leaves files to the shell where an option takes one', async () => {
    const input = `${await scriptFor('bash')}\nCOMP_WORDS=(budget-arbiter policy set --file p); COMP_CWORD=4; _budget_arbiter; echo "\${#COMPREPLY[@]}"`;
    expect(ran('bash', [], input)).toEqual(['0']);
  });

  it.skipIf(!has('fish')).each(TYPED)('in fish of %j', async (words, expected) => {
    const script = await scriptFor('fish');
    const typed = ['budget-arbiter', ...words.map((word) => word || "''")].join(' ').replace(/''$/, '');
    const answer = ran('fish', ['--no-config', '-c', `${script}\ncomplete -C "${typed}"`], '');
    const found = answer.map((line) => line.split('\t')[0] ?? '');
    expect(found.filter((word) => expected.includes(word)).sort()).toEqual([...expected].sort());
  });

  it.skipIf(!has('zsh')).each(TYPED)('in zsh of %j', async (words, expected) => {
    const script = await scriptFor('zsh');
    const typed = ['budget-arbiter', ...words].map((word) => `'${word}'`).join(' ');
    // What zsh would show is asked of stand-ins for the functions that show it.
    const input = [
      'compdef() { : }',
      'show() { for word in "$@"; do print -r -- "${word%%:*}"; done }',
      '_describe() { [[ $1 == -o ]] && shift; show "${(@P)2}" }',
      'compadd() { shift; show "$@" }',
      '_files() { : }',
      script,
      `words=(${typed}); CURRENT=${words.length + 1}; _budget_arbiter`,
    ].join('\n');
    const answer = ran('zsh', ['-f'], input);
    const last = words.at(-1) ?? '';
    expect(answer.filter((word) => word.startsWith(last))).toEqual(expected);
  });
});
