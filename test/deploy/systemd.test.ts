import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SETTINGS } from '../../src/config/settings.js';

const FOLDER = fileURLToPath(new URL('../../deploy/systemd/', import.meta.url));
const UNIT = readFileSync(join(FOLDER, 'budget-arbiter.service'), 'utf8');
const DROP_IN = readFileSync(join(FOLDER, 'dynamic-user.conf'), 'utf8');
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

  describe.skipIf(!hasSystemd && !process.env['CI'])('systemd', () => {
    let folder: string;
    let unit: string;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'systemd-'));
      unit = join(folder, 'budget-arbiter.service');
      // The program must exist where this test runs.
      writeFileSync(unit, UNIT.replace('/usr/bin/node', process.execPath));
    });
    afterEach(() => rmSync(folder, { recursive: true }));

    function verify(): void {
      const verified = spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' });
      expect(verified).toMatchObject({ status: 0, stderr: '' });
      const args = ['security', '--no-pager', '--offline=true', `--threshold=${MOST_EXPOSED}`, unit];
      expect(execFileSync('systemd-analyze', args, { encoding: 'utf8' })).toContain('OK');
    }

    it('takes the unit, which holds back what it does not need', () => {
      expect(existsSync(process.execPath)).toBe(true);
      verify();
    });

    it('takes it with the drop-in, whose lines for a configuration are used', () => {
      // As one file: offline, the security of a drop-in is not scored.
      const dropIn = DROP_IN.replaceAll(/^#(?=(LoadCredential|Environment)=)/gm, '');
      writeFileSync(unit, `${readFileSync(unit, 'utf8')}\n${dropIn}`);
      expect(dropIn).toMatch(/^DynamicUser=yes$/m);
      expect(dropIn).toMatch(/^Environment=CONFIG_FILE=%d\/config.yaml$/m);
      verify();
    });
  });
});
