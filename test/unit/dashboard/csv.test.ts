import { expect, it } from 'vitest';
import { csvOf } from '../../../dashboard/csv.js';

it('quotes what needs it, and keeps numbers plain', () => {
  expect(
    csvOf(
      ['AI', 'Tokens'],
      [
        ['a,b', 1_000.5],
        ['say "hi"', undefined],
        ['two\nlines', -3],
      ],
    ),
  ).toBe('AI,Tokens\r\n"a,b",1000.5\r\n"say ""hi""",\r\n"two\nlines",-3\r\n');
});

it.each(['=1+1', '+1', '-1', '@x', '\tx'])('%j is no formula for a spreadsheet', (name) => {
  expect(csvOf(['AI'], [[name]])).toBe(`AI\r\n'${name}\r\n`);
});
