import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { SETTING_KEYS, SETTINGS } from '../../src/config/settings.js';
import { DEFAULT_POLICY } from '../../src/domain/policy.js';
import { POLICY_FIELD_NAMES } from '../../src/domain/policy-names.js';
import { README, tableOf } from './readme.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

describe('what the documents say', () => {
  const documents = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.md'], {
    cwd: ROOT,
    encoding: 'utf8',
  })
    .split('\n')
    .filter((file) => file !== '' && existsSync(join(ROOT, file)));

  it.each(documents)('%s links to files that exist', (file) => {
    const text = readFileSync(join(ROOT, file), 'utf8');
    const links = [...text.matchAll(/\]\(([^)#]+)[^)]*\)/g)].map(([, link = '']) => link);
    const broken = links.filter(
      (link) => !/^[a-z]+:/.test(link) && !existsSync(join(ROOT, dirname(file), link)),
    );
    expect(broken).toEqual([]);
  });

  it.each(documents)('%s names commands that package.json has', (file) => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object };
    const text = readFileSync(join(ROOT, file), 'utf8');
    // The examples have packages of their own.
    const named = file.startsWith('examples/')
      ? []
      : [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, name = '']) => name);
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });

  it('the README has every setting with its default', () => {
    const rows = tableOf(README, 'Configuration').map(([name, fallback]) => [name, fallback]);
    const settings = SETTING_KEYS.map((key) => {
      const { variable, fallback }: { variable: string; fallback?: string } = SETTINGS[key];
      return [`\`${variable}\``, fallback === undefined ? 'none' : `\`${fallback}\``];
    });
    expect(rows).toEqual(settings);
  });

  it('the README has every rule with its default', () => {
    const rows = new Map(
      tableOf(README, 'The rules').map(([name = '', fallback]) => [name.slice(1, -1), fallback]),
    );
    const perName = new Set(['max_daily_percent_by_ai', 'token_weights_by_model']);
    const expected = Object.entries(POLICY_FIELD_NAMES)
      .map(([key, name]) => [name, shown(DEFAULT_POLICY[key as keyof typeof DEFAULT_POLICY], key)])
      .filter(([name = '']) => !perName.has(name));
    expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(expected));
  });
});

function shown(value: unknown, key: string): string {
  if (key === 'tokenWeights') return '100 percent each';
  if (Array.isArray(value)) return 'none';
  if (key.endsWith('Ms')) return `${Number(value) / 1_000} s`;
  return typeof value === 'number' ? value.toLocaleString('en-US') : String(value);
}
