import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitsPattern, type PatternOf, Patterns } from '../../../../src/domain/policy/patterns.js';
import { testSeed } from '../../../support/seed.js';

function own(...patterns: string[]): PatternOf[] {
  return patterns.map((pattern) => ({ pattern, id: pattern }));
}

describe('a pattern', () => {
  it.each([
    ['a', 'a', true],
    ['a', 'ab', false],
    ['*', '', true],
    ['*', '(unspecified)', true],
    ['web/*', 'web/', true],
    ['web/*', 'web', false],
    ['*-mini', 'gpt-mini', true],
    ['*-mini', 'gpt-mini-2', false],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['ab*bc', 'abc', false],
    ['*b*b*', 'ab', false],
    ['*b*b*', 'abcb', true],
    ['**', 'x', true],
    ['a.c', 'abc', false],
    ['[ab]*', 'abc', false],
    ['*é*', 'café au lait', true],
    ['team-*', 'a-team-a', false],
    ['a*b*c', 'a1b2c', true],
    ['a*b*c', 'acb', false],
    ['ab*ba', 'aba', false],
    ['a*ab*b', 'aabb', true],
    ['a*ab*b', 'aab', false],
    ['', 'a', false],
  ])('%s fits %s: %s', (pattern, name, expected) => {
    expect(fitsPattern(pattern, name)).toBe(expected);
  });

  it('takes no time however many stars it has', () => {
    const pattern = `${'*a'.repeat(31)}*b`;
    expect(new Patterns(own(pattern)).bestFor('a'.repeat(128))).toBeUndefined();
  });
});

describe('the pattern that binds a name', () => {
  it.each<[string, PatternOf[], string, string | undefined]>([
    ['none of them', own('web/*'), 'reviewer', undefined],
    ['an exact one before all', own('reviewer', 'reviewe*r', '*'), 'reviewer', 'reviewer'],
    ['most literal characters', own('*', 'claude-*', 'claude-opus-*'), 'claude-opus-4', 'claude-opus-*'],
    ['most literal characters, wherever they stand', own('cl*', '*-opus'), 'claude-opus', '*-opus'],
    ['then fewest stars', own('a*b*', 'ab*'), 'ab', 'ab*'],
    ['then fewest stars, also side by side', own('ab**', 'ab*'), 'abc', 'ab*'],
    [
      'then the id that sorts first',
      [
        { pattern: 'web/*', id: 'zebra' },
        { pattern: '*/web', id: 'ant' },
      ],
      'web/web',
      'ant',
    ],
    [
      'the id that sorts first of two that name the same',
      [
        { pattern: 'a', id: 'z' },
        { pattern: 'a', id: 'b' },
      ],
      'a',
      'b',
    ],
    ['characters, not their halves', own('😀*b', '*ab'), '😀ab', '*ab'],
  ])('is %s', (_, patterns, name, expected) => {
    expect(new Patterns(patterns).bestFor(name)).toBe(expected);
  });

  it('is the one that trying every one in every way finds', () => {
    const text = (characters: string, maxLength: number) =>
      fc.string({ unit: fc.constantFrom(...characters), maxLength });
    const pattern = fc.record({ pattern: text('ab*', 6), id: text('xyz', 2) });
    fc.assert(
      fc.property(fc.array(pattern, { maxLength: 12 }), text('ab', 7), (patterns, name) => {
        expect(new Patterns(patterns).bestFor(name)).toBe(naiveBest(patterns, name));
      }),
      { seed: testSeed('patterns'), numRuns: 2_000 },
    );
  });
});

function naiveBest(patterns: readonly PatternOf[], name: string): string | undefined {
  const fitting = patterns.filter(({ pattern }) => naiveFits(pattern, name));
  const stars = (pattern: string) => pattern.split('*').length - 1;
  const rank = ({ pattern, id }: PatternOf) =>
    [stars(pattern) === 0 ? 0 : 1, 200 - (pattern.length - stars(pattern)), 200 + stars(pattern), id].join(
      ' ',
    );
  return fitting.sort((a, b) => (rank(a) < rank(b) ? -1 : 1))[0]?.id;
}

function naiveFits(pattern: string, name: string): boolean {
  if (pattern === '') return name === '';
  const rest = pattern.slice(1);
  if (pattern[0] !== '*') return name !== '' && pattern[0] === name[0] && naiveFits(rest, name.slice(1));
  return naiveFits(rest, name) || (name !== '' && naiveFits(pattern, name.slice(1)));
}
