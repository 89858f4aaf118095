import { expect, it } from 'vitest';
import { fingerprint } from '../../../../src/domain/model/fingerprint.js';

it('is shared by equal parts', () => {
  expect(fingerprint(['a', 1, undefined, true, [['k', 'v']]])).toBe(
    fingerprint(['a', 1, undefined, true, [['k', 'v']]]),
  );
  expect(fingerprint([])).toMatch(/^[\w-]{22}$/);
});

it('is not shared by parts that only look alike when joined', () => {
  const alike = [
    [],
    [''],
    [undefined],
    ['', ''],
    ['a,b'],
    ['a', 'b'],
    ['ab'],
    [1],
    ['1'],
    [['a', 'b']],
    [false],
    [0],
  ];
  expect(new Set(alike.map(fingerprint)).size).toBe(alike.length);
});
