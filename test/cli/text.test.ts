import { describe, expect, it } from 'vitest';
import { moment, table, wrapped } from '../../src/cli/text.js';

describe('text for a terminal', () => {
  it.each<[string, number, string[]]>([
    ['openai: Refusing: the month is used up', 80, ['openai: Refusing: the month is used up']],
    ['one two three', 7, ['one two', '  three']],
    ['one two three four', 9, ['one two', '  three', '  four']],
    ['averylongword and', 5, ['averylongword', '  and']],
    ['', 5, ['']],
  ])('%j in %i columns', (text, width, lines) => expect(wrapped(text, width)).toEqual(lines));

  it('says a moment to the second, in UTC', () => {
    expect(moment(new Date('2026-11-20T17:00:00.123Z'))).toBe('2026-11-20 17:00:00Z');
    expect(moment(undefined)).toBe('-');
  });

  it('has words at the left and figures at the right', () => {
    const rows = [
      ['AI', 'TEAM', 'USED', 'WHY'],
      ['a', 'b', '1', 'x'],
    ];
    expect(table(rows, [3])).toBe('AI  TEAM  USED  WHY\na   b        1  x\n');
    expect(table(rows)).toBe('AI  TEAM  USED  WHY\na   b        1    x\n');
  });
});
