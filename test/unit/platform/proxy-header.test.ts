import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { describe, expect, it } from 'vitest';
import { parseProxyHeader } from '../../../src/platform/proxy-header.js';
import { v1, v2 } from '../../support/proxy-headers.js';

const AFTER = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const V4 = { family: 0x11, addresses: '203.0.113.9 192.0.2.1'.split(' ') };

const RIGHT: [string, Buffer, string | undefined][] = [
  ['version 1, IPv4', v1('TCP4 203.0.113.9 192.0.2.1 56324 443'), '203.0.113.9'],
  ['version 1, IPv6', v1('TCP6 2001:db8::9 2001:db8::1 56324 443'), '2001:db8::9'],
  ['version 1, unknown', v1('UNKNOWN'), undefined],
  ['version 1, unknown with more', v1('UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535'), undefined],
  ['version 2, IPv4', v2(V4), '203.0.113.9'],
  [
    'version 2, IPv6',
    v2({ family: 0x21, addresses: ['2001:db8::9', '2001:db8::1'] }),
    '2001:db8:0:0:0:0:0:9',
  ],
  ['version 2, mapped', v2({ family: 0x21, addresses: ['::ffff:203.0.113.9', '::1'] }), '203.0.113.9'],
  ['version 2, with more after the addresses', v2({ ...V4, more: randomBytes(300) }), '203.0.113.9'],
  ['version 2, of the proxy itself', v2({ command: 0x20, family: 0 }), undefined],
  ['version 2, of the proxy itself, with addresses', v2({ ...V4, command: 0x20 }), undefined],
  ['version 2, without a family', v2({ family: 0 }), undefined],
  ['version 2, UDP', v2({ ...V4, family: 0x12 }), undefined],
  ['version 2, a socket of Unix', v2({ family: 0x31, more: Buffer.alloc(216) }), undefined],
];

describe.each(RIGHT)('%s', (_what, header, source) => {
  it('says where the connection came from, and ends where the connection begins', () => {
    const found = parseProxyHeader(Buffer.concat([header, AFTER]));
    const expected = { kind: 'header', length: header.length };
    expect(found).toEqual(source === undefined ? expected : { ...expected, source });
  });

  it('needs more wherever it is cut', () => {
    for (let end = 0; end < header.length; end += 1) {
      expect(parseProxyHeader(header.subarray(0, end)), `cut at ${end}`).toEqual({ kind: 'incomplete' });
    }
  });
});

describe('what is no header', () => {
  it.each<[string, Buffer | string]>([
    ['HTTP/2', AFTER],
    ['HTTP/1.1', 'POST / HTTP/1.1\r\n'],
    ['a TLS handshake', Buffer.from([0x16, 3, 1])],
    ['another word', 'PROXZ TCP4'],
    ['another family', v1('TCP5 203.0.113.9 192.0.2.1 1 2')],
    ['IPv6 as IPv4', v1('TCP4 2001:db8::9 2001:db8::1 1 2')],
    ['IPv4 as IPv6', v1('TCP6 203.0.113.9 192.0.2.1 1 2')],
    ['a zone', v1('TCP6 fe80::1%eth0 ::1 1 2')],
    ['no ports', v1('TCP4 203.0.113.9 192.0.2.1')],
    ['a port too large', v1('TCP4 203.0.113.9 192.0.2.1 65536 2')],
    ['two spaces', v1('TCP4  203.0.113.9 192.0.2.1 1 2')],
    ['a word after it', v1('TCP4 203.0.113.9 192.0.2.1 1 2 3')],
    ['a name', v1('TCP4 localhost 192.0.2.1 1 2')],
    ['a line without end', `PROXY UNKNOWN ${'x'.repeat(200)}`],
    ['a line that ends too late', `PROXY UNKNOWN ${'x'.repeat(92)}\r\n`],
    ['version 3', v2({ ...V4, command: 0x31 })],
    ['version 1 in the form of 2', v2({ ...V4, command: 0x11 })],
    ['an unknown command', v2({ ...V4, command: 0x22 })],
    ['an unknown family', v2({ ...V4, family: 0x41 })],
    ['an unknown protocol', v2({ ...V4, family: 0x13 })],
    ['no room for its addresses', v2({ family: 0x21, more: Buffer.alloc(35) })],
    ['far too long', v2({ ...V4, more: Buffer.alloc(5_000) })],
  ])('%s', (_what, bytes) => {
    expect(parseProxyHeader(Buffer.from(bytes as Buffer))).toMatchObject({ kind: 'wrong' });
  });

  it('and whatever comes is answered, by an address or by none, of what is there', () => {
    const headers = RIGHT.map(([, header]) => header);
    for (let round = 0; round < 20_000; round += 1) {
      const header = Buffer.from(headers[round % headers.length] ?? '');
      const noise = randomBytes(3);
      header[(noise[0] ?? 0) % header.length] = noise[1] ?? 0;
      const bytes = header.subarray(0, header.length - ((noise[2] ?? 0) % 5));
      const found = parseProxyHeader(bytes);
      if (found.kind !== 'header') continue;
      expect(found.length).toBeLessThanOrEqual(bytes.length);
      expect(found.source === undefined || isIP(found.source) > 0).toBe(true);
    }
  });

  it('is told at once: nobody waits for what can be none any more', () => {
    for (const [, header] of RIGHT) {
      for (let at = 0; at < 6; at += 1) {
        const spoilt = Buffer.from(header.subarray(0, at + 1));
        spoilt[at] = 0x7f;
        expect(parseProxyHeader(spoilt), `spoilt at ${at}`).toMatchObject({ kind: 'wrong' });
      }
    }
  });
});
