import { describe, expect, it } from 'vitest';
import { SETTING_KEYS, SETTINGS } from '../../src/config/settings.js';
import { version } from '../../src/platform/version.js';
import { cli } from './support.js';

describe('the command line', () => {
  it.each(['--help', '-h'])('%s names every variable with its default', async (flag) => {
    const { code, out, err } = await cli([flag]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    for (const key of SETTING_KEYS) {
      const { variable, fallback = 'none' }: { variable: string; fallback?: string } = SETTINGS[key];
      const part = out.split(`  ${variable} `)[1] ?? '';
      expect(part.split('Default: ')[1]).toMatch(fallback);
    }
  });

  it.each(['--version', '-v'])('%s', async (flag) => {
    expect(await cli([flag])).toEqual({ code: 0, out: `${version()}\n`, err: '' });
    expect(version()).toMatch(/^\d+\.\d+\.\d+/);
  });

  it('--check-config prints what is in force, without the password', async () => {
    const environment = { MONGODB_URI: 'mongodb://u:hunter2@h/', DATADIR: 'x' };
    const { code, out, err } = await cli(['--check-config'], environment);
    expect(code).toBe(0);
    expect(out).toMatch(/^configuration is valid\n/);
    expect(out).toContain('  MONGODB_URI = mongodb://u:***@h/\n');
    expect(out).toContain('  LOG_LEVEL = info   (default)\n');
    expect(out).toContain('  CONFIG_FILE = (none)   (default)\n');
    expect(err).toBe('warning: DATADIR: no such setting, so it has no effect; did you mean DATA_DIR?\n');
  });

  it('--check-config tells every problem on a line of its own', async () => {
    const { code, out, err } = await cli(['--check-config'], { LOG_LEVEL: 'x', ALLOW_INSECURE: '1' });
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err.trim().split('\n')).toHaveLength(2);
  });

  it.each([
    [['--port'], "unknown option '--port'"],
    [['--help=5'], "unknown option '--help=5'"],
    [['-x'], "unknown option '-x'"],
    [['--no-help'], "unknown option '--no-help'"],
    [['sevre'], 'sevre'],
    [['serve', 'now'], 'now'],
    [['--', '--help'], '--help'],
    [['changes', '--last', '0'], 'It takes a number from 1 to'],
  ])('%j is one line that names it, and exit code 2', async (args, named) => {
    const { code, out, err } = await cli(args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(/^[^\n]+[^.\n]; --help says what there is\n$/);
    expect(err).toContain(named);
  });
});
