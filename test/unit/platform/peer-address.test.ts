import { expect, it } from 'vitest';
import { PeerCounts, peerOf } from '../../../src/platform/peer-address.js';

it.each([
  ['127.0.0.1', '127.0.0.1'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['::FFFF:c000:207', '192.0.2.7'],
  ['0:0:0:0:0:ffff:192.0.2.7', '192.0.2.7'],
  ['::1', '::1'],
  ['0:0:0:0:0:0:0:1', '::1'],
  ['2001:db8:1:2:aaaa::1', '2001:db8:1:2::/64'],
  ['2001:db8:1:2:bbbb:1:2:3', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:0DB8:0000:0:1::1', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  [undefined, 'unknown'],
])('%s counts as %s', (address, peer) => {
  expect(peerOf(address)).toBe(peer);
});

it('a peer that is gone is forgotten', () => {
  const counts = new PeerCounts();
  expect(counts.add('a', 1)).toBe(1);
  expect(counts.add('a', 1)).toBe(2);
  expect([counts.of('a'), counts.of('b'), counts.size]).toEqual([2, 0, 1]);
  counts.add('a', -1);
  counts.add('a', -1);
  expect(counts.size).toBe(0);
});
