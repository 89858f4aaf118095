import { describe, expect, it } from 'vitest';
import { CallerAddresses, NO_PROXIES } from '../../../src/platform/caller-addresses.js';

const trustedProxies = [
  { address: '10.1.0.0', prefix: 16 },
  { address: '192.0.2.7', prefix: 32 },
  { address: '2001:db8:1::', prefix: 48 },
];
const callers = new CallerAddresses({ trustedProxies, proxyProtocol: true });
const end = (remoteAddress: string, remotePort = 1) => ({ remoteAddress, remotePort });

describe('who is trusted', () => {
  it.each([
    ['10.1.255.3', true],
    ['10.2.0.1', false],
    ['192.0.2.7', true],
    ['192.0.2.8', false],
    ['::ffff:10.1.0.1', true],
    ['0:0:0:0:0:ffff:a01:1', true],
    ['::ffff:10.2.0.1', false],
    ['2001:db8:1::9', true],
    ['2001:db8:2::9', false],
    ['no address', false],
    [undefined, false],
  ])('%s: %s', (address, expected) => {
    expect(callers.trusts(address)).toBe(expected);
    expect(NO_PROXIES.trusts(address)).toBe(false);
  });
});

describe('whom a call counts as', () => {
  it('is its connection, without a trusted proxy', () => {
    expect(NO_PROXIES.callerOf(end('10.1.0.1'), '203.0.113.9')).toBe('10.1.0.1');
    expect(callers.callerOf(end('203.0.113.1'), '203.0.113.9')).toBe('203.0.113.1');
    expect(callers.callerOf({}, '203.0.113.9')).toBe('unknown');
  });

  it('is whom the proxy names, and of IPv6 a network', () => {
    expect(callers.callerOf(end('::ffff:10.1.0.1'), '203.0.113.9')).toBe('203.0.113.9');
    expect(callers.callerOf(end('10.1.0.1'), '2001:db8:9:9::9')).toBe('2001:db8:9:9::/64');
    expect(callers.addressOf(end('10.1.0.1'), '2001:db8:9:9::9')).toBe('2001:db8:9:9::9');
  });

  it('is whom the PROXY header names, and behind another proxy whom that one names', () => {
    const connection = end('10.1.0.1', 7);
    expect(callers.isShared(connection)).toBe(true);
    const forget = callers.learn(connection, '203.0.113.9');
    expect([callers.peerOf(connection), callers.isShared(connection)]).toEqual(['203.0.113.9', false]);
    expect(callers.callerOf(connection, '198.51.100.1')).toBe('203.0.113.9');
    expect(callers.peerOf(end('10.1.0.1', 8))).toBe('10.1.0.1');
    callers.learn(connection, '192.0.2.7');
    expect(callers.callerOf(connection, '198.51.100.1')).toBe('198.51.100.1');
    forget();
    expect(callers.peerOf(connection)).toBe('10.1.0.1');
  });
});
