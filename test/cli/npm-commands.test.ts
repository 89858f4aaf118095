import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
/** Programs of this repository that people give options to; the commands of the service have a test of their own. */
const programs = Object.entries(scripts).flatMap(([name, command]) => {
  const [, file] = /^tsx (\S+\/main\.ts)$/.exec(command) ?? [];
  return file === undefined ? [] : [{ name, file }];
});

function run(file: string, ...args: string[]) {
  return spawnSync(process.execPath, ['--import', 'tsx', file, ...args], { encoding: 'utf8' });
}

describe('the commands of package.json', () => {
  it('are found', () => {
    expect(programs.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['simulate-faults', 'simulate-mutations', 'fuzz', 'soak', 'bench', 'demo']),
    );
  });

  it.each(programs)('$name explains itself', ({ name, file }) => {
    const { stdout, status } = run(file, '--help');
    expect(status).toBe(0);
    expect(stdout).toContain(`npm run ${name} --`);
    expect(stdout).toContain('--help');
  });

  it.each(programs)('$name says in one line what is wrong', ({ file }) => {
    const { stdout, stderr, status } = run(file, '--no-such-thing');
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^[^\n]*--no-such-thing[^\n]*--help[^\n]*\n$/);
  });
});
