import { isIP } from 'node:net';
import { describe, expect, it } from 'vitest';
import { callerAddress } from '../../../src/platform/forwarded-for.js';

const PROXIES = new Set(['10.0.0.1', '10.0.0.2', '2001:db8::1']);
const trusts = (address: string) => PROXIES.has(address);

describe('the address that a call came from', () => {
  it.each<[string, string, string | undefined, string]>([
    ['nothing is said', '10.0.0.1', undefined, '10.0.0.1'],
    ['a stranger says something', '203.0.113.1', '198.51.100.1', '203.0.113.1'],
    ['a proxy says whom it heard', '10.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['a caller made some up', '10.0.0.1', '127.0.0.1, 198.51.100.1, 203.0.113.9', '203.0.113.9'],
    ['two proxies, one after the other', '10.0.0.1', '203.0.113.9, 10.0.0.2', '203.0.113.9'],
    [
      'a caller pretends to be behind a proxy',
      '10.0.0.1',
      '198.51.100.1, 203.0.113.9,10.0.0.2',
      '203.0.113.9',
    ],
    ['the proxies alone', '10.0.0.1', '10.0.0.2, 10.0.0.1', '10.0.0.2'],
    ['spaces and tabs', '10.0.0.1', ' \t203.0.113.9 ', '203.0.113.9'],
    ['a port', '10.0.0.1', '203.0.113.9:4711', '203.0.113.9'],
    ['IPv6', '10.0.0.1', '2001:db8::9', '2001:db8::9'],
    ['IPv6 in brackets', '10.0.0.1', '[2001:db8::9]', '2001:db8::9'],
    ['IPv6 with a port', '10.0.0.1', '[2001:db8::9]:443', '2001:db8::9'],
    ['behind a proxy by IPv6', '2001:db8::1', '203.0.113.9', '203.0.113.9'],
    ['nothing between commas', '10.0.0.1', '203.0.113.9,', '10.0.0.1'],
    ['nothing at all', '10.0.0.1', '', '10.0.0.1'],
    ['commas alone', '10.0.0.1', ',,,', '10.0.0.1'],
    ['a name', '10.0.0.1', '203.0.113.9, unknown', '10.0.0.1'],
    ['garbage left of a proxy', '10.0.0.1', 'x, 10.0.0.2', '10.0.0.2'],
    ['garbage left of a caller', '10.0.0.1', '<script>, 203.0.113.9', '203.0.113.9'],
    ['a number too many', '10.0.0.1', '203.0.113.9.1', '10.0.0.1'],
    ['too large a number', '10.0.0.1', '203.0.113.256', '10.0.0.1'],
    ['a port that is none', '10.0.0.1', '203.0.113.9:x', '10.0.0.1'],
    ['IPv4 in brackets', '10.0.0.1', '[203.0.113.9]', '10.0.0.1'],
    ['a zone', '10.0.0.1', 'fe80::1%eth0', '10.0.0.1'],
    ['far too much', '10.0.0.1', `203.0.113.9${' '.repeat(500)}`, '10.0.0.1'],
  ])('%s', (_what, peer, forwarded, expected) => {
    expect(callerAddress(peer, forwarded, trusts)).toBe(expected);
  });

  it('is looked for in so many of them only', () => {
    const far = `203.0.113.9${', 10.0.0.2'.repeat(40)}`;
    expect(callerAddress('10.0.0.1', far, trusts)).toBe('10.0.0.2');
  });

  it('is an address whatever is said', () => {
    const parts = [
      '10.0.0.1',
      '2001:db8::1',
      '[',
      ']',
      ':',
      ',',
      ' ',
      '%',
      '203.0.113.9',
      '\0',
      'ä',
      '::',
      '1',
    ];
    let state = 7;
    const next = (below: number) => {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
      return state % below;
    };
    for (let round = 0; round < 5_000; round += 1) {
      const text = Array.from({ length: next(9) }, () => parts[next(parts.length)]).join('');
      const found = callerAddress('10.0.0.1', text, trusts);
      expect(isIP(found), JSON.stringify(text)).toBeGreaterThan(0);
    }
  });
});
