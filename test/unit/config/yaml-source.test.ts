import { describe, expect, it } from 'vitest';
import { readYaml } from '../../../src/config/yaml-source.js';

const messages = (text: string) =>
  readYaml('c.yaml', text).problems.map(({ place, message }) => `${place} ${message}`);
const aliases = (count: number) => `a: &a [1]\nb:\n${'  - *a\n'.repeat(count)}`;

describe('aliases', () => {
  it('may be a hundred, each counted once', () => {
    const base = 'a: &a {x: 1}\nb: &b {y: *a, z: *a}\n';
    const text = `${base}c:\n${'  - *b\n'.repeat(98)}# *not one\nd: "*nor this"\ne: |\n  *nor that\n`;
    expect(messages(text)).toEqual([]);
    const { value } = readYaml('c.yaml', text) as { value: { c: unknown[] } };
    expect(value.c[97]).toEqual({ y: { x: 1 }, z: { x: 1 } });
    expect(readYaml('c.yaml', aliases(100)).value).toEqual({
      a: [1],
      b: Array.from({ length: 100 }, () => [1]),
    });
  });

  it.each([101, 3_000, 100_000])('are refused as %i, before anything is made of them', (count) => {
    expect(messages(aliases(count))).toEqual([
      'c.yaml:103:1 more than 100 aliases (*name): write out what some of them stand for',
    ]);
  });

  it('of aliases of aliases are refused where they come to too much', () => {
    const levels = Array.from(
      { length: 9 },
      (_, at) => `l${at + 1}: &l${at + 1} [${Array(9).fill(`*l${at}`).join()}]`,
    );
    expect(messages(`l0: &l0 [x]\n${levels.join('\n')}`).join()).toContain('come to too many values here');
  });

  it('of what they are in are refused, and so are those of nothing, without their name', () => {
    expect(messages('a: &a [*a]')).toEqual(['c.yaml:1:8 an alias must not stand for what it is in']);
    const [nothing] = messages('secret: *hidden-secret');
    expect(nothing).toMatch(/^c.yaml:1:9 there is no such anchor above/);
    expect(nothing).not.toContain('hidden');
  });

  it.each(['budgets: *', 'r: {role: viewer, budgets: *}', 'b: *team-*', 'b: [*]'])(
    '%s: a pattern without quotes is told how to be written',
    (text) => {
      const [first] = messages(text);
      expect(first).toMatch(/a pattern must stand in quotes, such as '\*' or 'team-\*'/);
    },
  );

  it('mean the anchor that stands last above them', () => {
    expect(readYaml('c.yaml', 'a: &a 1\nb: *a\nc: &a 2\nd: *a').value).toEqual({ a: 1, b: 1, c: 2, d: 2 });
  });
});

it.each([
  's: "abc"hidden-secret',
  's: !hidden-secret x\nt: [',
  '"hidden-secret',
  's: hidden-secret: x',
  '%hidden-secret',
  's: @hidden-secret',
  's: {hidden-secret',
  's: hidden-secret\n  - hidden-secret: ]',
])('what is wrong is told without what stands there: %s', (text) => {
  const told = messages(text);
  expect(told.length).toBeGreaterThan(0);
  expect(told.join('\n')).not.toContain('hidden');
});

it('a text beyond 1 MiB is not read: nothing else is done meanwhile', () => {
  const most = 'a: 1\n#'.padEnd(1_048_576, 'x');
  expect(messages(most)).toEqual([]);
  expect(messages(`${most}x`)).toEqual(['c.yaml:1:1 it is longer than 1 MiB, the most that is read']);
});
