import { describe, expect, it } from 'vitest';
import { answerCli, version } from '../../src/cli.js';
import { SETTING_KEYS, SETTINGS } from '../../src/config/settings.js';

describe('the command line', () => {
  it('serves without arguments', () => {
    expect(answerCli([], {})).toBeUndefined();
  });

  it.each(['--help', '-h'])('%s names every variable with its default', (flag) => {
    const answer = answerCli([flag], {});
    expect(answer).toMatchObject({ exitCode: 0, stderr: '' });
    for (const key of SETTING_KEYS) {
      const { variable, fallback = 'none' }: { variable: string; fallback?: string } = SETTINGS[key];
      const part = answer?.stdout.split(`  ${variable} `)[1] ?? '';
      expect(part.split('Default: ')[1]).toMatch(fallback);
    }
    for (const line of answer?.stdout.split('\n') ?? []) expect(line.length).toBeLessThanOrEqual(105);
  });

  it.each(['--version', '-v'])('%s', (flag) => {
    expect(answerCli([flag], {})).toEqual({ stdout: `${version()}\n`, stderr: '', exitCode: 0 });
    expect(version()).toMatch(/^\d+\.\d+\.\d+/);
  });

  it('--check-config prints what is in force, without the password', () => {
    const answer = answerCli(['--check-config'], { MONGODB_URI: 'mongodb://u:hunter2@h/', DATADIR: 'x' });
    expect(answer?.exitCode).toBe(0);
    expect(answer?.stdout).toMatch(/^configuration is valid\n/);
    expect(answer?.stdout).toContain('  MONGODB_URI = mongodb://u:***@h/\n');
    expect(answer?.stdout).toContain('  LOG_LEVEL = info   (default)\n');
    expect(answer?.stdout).toContain('  CONFIG_FILE = (none)   (default)\n');
    expect(answer?.stderr).toBe(
      'warning: DATADIR: no such setting, so it has no effect; did you mean DATA_DIR?\n',
    );
  });

  it('--check-config tells every problem on a line of its own', () => {
    const answer = answerCli(['--check-config'], { LOG_LEVEL: 'x', ALLOW_INSECURE: '1' });
    expect(answer).toMatchObject({ exitCode: 2, stdout: '' });
    expect(answer?.stderr.trim().split('\n')).toHaveLength(2);
  });

  it.each([
    [['--port'], 'unknown option --port'],
    [['--help=5'], 'unknown option --help'],
    [['-x'], 'unknown option -x'],
    [['--no-help'], 'unknown option --no-help'],
    [['sevre'], '"sevre" is no command'],
    [['--', '--help'], '"--help" is no command'],
  ])('%j is one line and exit code 2', (args, line) => {
    const answer = answerCli(args, {});
    expect(answer).toMatchObject({ exitCode: 2, stdout: '' });
    expect(answer?.stderr).toMatch(/^[^\n]*usage: [^\n]*\n$/);
    expect(answer?.stderr.startsWith(line)).toBe(true);
  });
});
