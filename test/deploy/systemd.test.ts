import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { SETTINGS } from '../../src/config/settings.js';

const FOLDER = fileURLToPath(new URL('../../deploy/systemd/', import.meta.url));
const UNIT = readFileSync(join(FOLDER, 'budget-arbiter.service'), 'utf8');
/** On a scale to 100, where 100 is a service that nothing holds back. */
const MOST_EXPOSED = '20';

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

describe('deploy/systemd', () => {
  it('names the bin, and settings that there are', () => {
    const { bin } = JSON.parse(readFileSync(join(FOLDER, '../../package.json'), 'utf8')) as {
      bin: Record<string, string>;
    };
    expect(UNIT).toContain(`/opt/budget-arbiter/${bin['budget-arbiter']} serve\n`);
    const known = Object.values(SETTINGS).map(({ variable }) => variable as string);
    const example = readFileSync(join(FOLDER, 'env.example'), 'utf8');
    const named = [...example.matchAll(/^#?([A-Z_]+)=/gm)].map(([, name = '']) => name);
    expect(named.length).toBeGreaterThan(3);
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  });

  it.skipIf(!hasSystemd && !process.env['CI'])(
    'is a unit that systemd takes, and holds back what it does not need',
    () => {
      const folder = mkdtempSync(join(tmpdir(), 'systemd-'));
      const unit = join(folder, 'budget-arbiter.service');
      // The program must exist where this test runs.
      writeFileSync(unit, UNIT.replace('/usr/bin/node', process.execPath));
      expect(existsSync(process.execPath)).toBe(true);
      const verified = spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' });
      expect(verified).toMatchObject({ status: 0, stderr: '' });
      const args = ['security', '--no-pager', '--offline=true', `--threshold=${MOST_EXPOSED}`, unit];
      expect(execFileSync('systemd-analyze', args, { encoding: 'utf8' })).toContain('OK');
      rmSync(folder, { recursive: true });
    },
  );
});
