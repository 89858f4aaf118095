import { describe, expect, it } from 'vitest';
import { bytesText, closingLine, type Done, spanText } from '../../src/cli/closing-line.js';

describe('what long work says at its end', () => {
  it.each<[string, string, readonly Done[], number]>([
    [
      'Backed up 4 budgets, 12,345 documents, 18 MB, in 3.2 s (5.6 MB/s)',
      'Backed up',
      [
        { count: 4, of: 'budgets' },
        { count: 12_345, of: 'documents' },
        { count: 18_000_000, of: 'bytes' },
      ],
      3_200,
    ],
    ['Replayed 1 request in 400 ms (2.5 requests/s)', 'Replayed', [{ count: 1, of: 'requests' }], 400],
    [
      'Restored 1 budget, 0 documents, in 0 ms',
      'Restored',
      [
        { count: 1, of: 'budgets' },
        { count: 0, of: 'documents' },
      ],
      0,
    ],
    [
      'Filled 600,000 requests in 10 min 0 s (1,000 requests/s)',
      'Filled',
      [{ count: 600_000, of: 'requests' }],
      600_000,
    ],
  ])('%s', (line, did, done, ms) => expect(closingLine(did, done, ms)).toBe(line));

  it.each([
    [0, '0 bytes'],
    [999, '999 bytes'],
    [1_000, '1.0 kB'],
    [9_949, '9.9 kB'],
    [9_950, '10 kB'],
    [999_700, '1.0 MB'],
    [18_000_000, '18 MB'],
    [4_200_000_000_000_000, '4200 TB'],
  ])('%i bytes are %s', (bytes, text) => expect(bytesText(bytes)).toBe(text));

  it.each([
    [400, '0 s'],
    [119_000, '119 s'],
    [120_000, '2 min 0 s'],
    [7_199_000, '119 min 59 s'],
    [10_800_000, '3 h 0 min'],
  ])('%i ms are %s', (ms, text) => expect(spanText(ms)).toBe(text));
});
