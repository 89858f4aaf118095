import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const MAIN = join(import.meta.dirname, 'main.ts');

function years(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', MAIN, ...args], {
    encoding: 'utf8',
    env: { ...process.env, MONGODB_URI: '' },
  });
  return { status, stdout, stderr };
}

it('explains itself', () => {
  expect(years('--help')).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('--days <count>'),
    stderr: '',
  });
});

it.each([[['--dayz', '4']], [['--days', 'x']], [['--store', 'paper']], [['--store', 'mongodb']]])(
  '%j is one line and exit code 2',
  (args) => {
    const { status, stdout, stderr } = years(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^[^\n]+\n$/);
  },
);
