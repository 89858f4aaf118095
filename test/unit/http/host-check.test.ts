import { expect, it } from 'vitest';
import { namesThisMachine } from '../../../src/http/host-check.js';

it.each([
  ['127.0.0.1:8080', true],
  ['127.0.0.1', true],
  ['[::1]:8080', true],
  ['10.1.2.3:80', true],
  ['localhost:8080', true],
  ['LOCALHOST', true],
  ['budget.localhost:8080', true],
  [undefined, true],
  ['evil.example:8080', false],
  ['localhost.evil.example', false],
  ['127.0.0.1.evil.example:8080', false],
  ['notlocalhost', false],
  ['', false],
])('%s: %s', (host, expected) => {
  expect(namesThisMachine(host)).toBe(expected);
});
