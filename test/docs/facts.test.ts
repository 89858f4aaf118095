import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../../src/domain/model/policy.js';
import { RULES } from '../../src/domain/model/types.js';
import { POLICY_ROWS } from '../../src/domain/policy/policy-fields.js';
import { ErrorReason, Rule } from '../../src/gen/budgetarbiter/v1/budget.js';
import { cli } from '../cli/support.js';
import { firstTableOf } from './documents.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const tracked = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.md'], {
  cwd: ROOT,
  encoding: 'utf8',
});
const documents = tracked.split('\n').filter((file) => file !== '' && existsSync(join(ROOT, file)));
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

const POLICY = read('docs/policy.md');

describe('every document', () => {
  it.each(documents)('%s links to files and headings that exist', (file) => {
    const links = [...read(file).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
    const broken = links.filter((link) => {
      if (/^[a-z]+:/.test(link)) return false;
      const [path = '', heading] = link.split('#');
      const target = path === '' ? file : join(dirname(file), path);
      if (!existsSync(join(ROOT, target))) return true;
      return heading !== undefined && !headings(read(target)).includes(heading);
    });
    expect(broken).toEqual([]);
  });

  it.each(documents)('%s names files that there are', (file) => {
    // But for what the benchmark writes, which is not kept, and what the document has its reader write.
    const names = /`((?:src|test|bench(?!\/results)|scripts|docs)\/[\w./-]+\.\w+)`(?!:\n\n```)/g;
    const named = [...read(file).matchAll(names)];
    expect(named.map(([, name = '']) => name).filter((name) => !existsSync(join(ROOT, name)))).toEqual([]);
  });

  it.each(documents)('%s names npm commands that there are', (file) => {
    // An example has a package of its own.
    const own = join(dirname(file), 'package.json');
    const packages = existsSync(join(ROOT, own)) ? [own, 'package.json'] : ['package.json'];
    const scripts = packages.flatMap((name) =>
      Object.keys((JSON.parse(read(name)) as { scripts: object }).scripts),
    );
    const named = [...read(file).matchAll(/npm run (?:--\w+ )*([\w:-]+)/g)].map(([, name = '']) => name);
    expect(named.filter((name) => !scripts.includes(name))).toEqual([]);
  });
});

describe('the tables', () => {
  it('have every variable of --help with its default', async () => {
    const rows = firstTableOf(read('docs/configuration.md')).map(([name, fallback]) => [
      bare(name),
      bare(fallback),
    ]);
    const help = [...(await cli(['--help'])).out.matchAll(/^ {2}([A-Z_]+)\s[\s\S]*?Default: (.+)\.$/gm)].map(
      ([, ...row]) => row,
    );
    expect(help.length).toBeGreaterThan(5);
    expect(rows).toEqual(help);
  });

  it('have every field of the policy with its default', () => {
    const rows = firstTableOf(POLICY).map(([name, fallback]) => [bare(name), fallback]);
    const defaults = POLICY_ROWS.map(([key, { name }]) => [name, shown(DEFAULT_POLICY[key], key)]);
    expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(defaults));
    expect(rows).toHaveLength(defaults.length);
  });

  it('have every reason of an error, with the code that the API documents', () => {
    const proto = read('proto/budgetarbiter/v1/budget.proto');
    const documented = [
      ...proto.matchAll(/\/\/ ([A-Z_]+): [^\n]*(?:\n\s*\/\/[^\n]*)*\n\s*ERROR_REASON_(\w+) =/g),
    ];
    const rows = firstTableOf(read('docs/errors.md')).map(([code, reason]) => `${code} ${reason}`);
    expect(rows.sort()).toEqual(documented.map(([, code, reason]) => `${code} ${reason}`).sort());
    expect(rows).toHaveLength(numbers(ErrorReason).length);
  });

  it('name the rules in the order of their checks', () => {
    const order = /lists every rule that refuses: ([A-Z_,\s]+)\. A window/.exec(POLICY)?.[1];
    expect(order?.split(/,\s+/)).toEqual([...RULES]);
    const names = numbers(Rule).map((rule) => String(Rule[rule]).replace('RULE_', ''));
    expect(names.sort()).toEqual([...RULES].sort());
  });
});

/** The numbers of a generated enum but UNSPECIFIED and UNRECOGNIZED. */
function numbers(names: object): (keyof typeof Rule)[] {
  return Object.values(names).filter((value) => typeof value === 'number' && value > 0) as never;
}

function bare(cell = ''): string {
  return cell.replaceAll('`', '');
}

/** The anchors that GitHub makes. */
function headings(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, text = '']) =>
    text
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  );
}

function shown(value: unknown, key: string): string {
  if (key === 'tokenWeights') return '100 percent each';
  if (Array.isArray(value) || value instanceof Map) return 'none';
  if (key.endsWith('Ms')) return `${Number(value) / 1_000} s`;
  if (typeof value !== 'number') return String(value);
  return value.toLocaleString('en-US', { maximumFractionDigits: 4 });
}
