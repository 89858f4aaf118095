import { isIPv4, isIPv6 } from 'node:net';

/** What the first bytes of a connection come to, read as a header of the PROXY protocol. */
export type ProxyHeader =
  /** More bytes are needed. */
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'wrong'; readonly reason: string }
  /** `source` is absent where the proxy speaks for itself, or for a family without addresses: the connection's own counts. */
  | { readonly kind: 'header'; readonly length: number; readonly source?: string };

const V1_START = Buffer.from('PROXY ');
/** By the specification, the line's end included. */
const V1_MOST = 107;
const V1_LINE = /^PROXY (TCP4|TCP6) (\S+) (\S+) (\d{1,5}) (\d{1,5})$/;

const V2_START = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const V2_FIXED = 16;
/** Addresses take 216 at most; the rest is for what a proxy adds. */
const V2_MOST_REST = 4_096;
const V2_LOCAL = 0;
const V2_PROXY = 1;

const INCOMPLETE: ProxyHeader = { kind: 'incomplete' };

/** Reads a header of version 1 or 2. The bytes after it belong to the connection. */
export function parseProxyHeader(bytes: Buffer): ProxyHeader {
  if (startsLike(bytes, V1_START)) return bytes.length < V1_START.length ? INCOMPLETE : parseV1(bytes);
  if (startsLike(bytes, V2_START)) return bytes.length < V2_FIXED ? INCOMPLETE : parseV2(bytes);
  return wrong('it does not begin with a header of the PROXY protocol');
}

function startsLike(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length);
  return bytes.subarray(0, length).equals(start.subarray(0, length));
}

function parseV1(bytes: Buffer): ProxyHeader {
  const end = bytes.subarray(0, V1_MOST).indexOf('\r\n');
  if (end < 0) return bytes.length < V1_MOST ? INCOMPLETE : wrong(`its line is longer than ${V1_MOST} bytes`);
  const line = bytes.toString('latin1', 0, end);
  const length = end + 2;
  if (line === 'PROXY UNKNOWN' || line.startsWith('PROXY UNKNOWN ')) return { kind: 'header', length };
  const [, family, source = '', destination = '', ...ports] = V1_LINE.exec(line) ?? [];
  const isAddress = family === 'TCP4' ? isIPv4 : (text: string) => isIPv6(text) && !text.includes('%');
  const isPort = (text: string) => Number(text) <= 65_535;
  if (family === undefined || ![source, destination].every(isAddress) || !ports.every(isPort)) {
    return wrong('its line is not one of version 1');
  }
  return { kind: 'header', length, source };
}

function parseV2(bytes: Buffer): ProxyHeader {
  const [command = 0, family = 0] = bytes.subarray(V2_START.length);
  const rest = bytes.readUInt16BE(V2_START.length + 2);
  if (command >> 4 !== 2) return wrong('it is neither of version 1 nor of version 2');
  if ((command & 0xf) !== V2_LOCAL && (command & 0xf) !== V2_PROXY) return wrong('its command is unknown');
  if (family >> 4 > 3 || (family & 0xf) > 2) return wrong('its family or its protocol is unknown');
  if (rest > V2_MOST_REST) return wrong(`it is longer than ${V2_FIXED + V2_MOST_REST} bytes`);
  const length = V2_FIXED + rest;
  const [needed, source] = sourceOf(bytes, command, family);
  if (rest < needed) return wrong('it is too short for its addresses');
  if (bytes.length < length) return INCOMPLETE;
  return { kind: 'header', length, ...(source === undefined ? {} : { source: source() }) };
}

/** How many bytes the addresses take, and how the source is read. TCP only: what else there is came by no connection of ours. */
function sourceOf(bytes: Buffer, command: number, family: number): readonly [number, (() => string)?] {
  if ((command & 0xf) === V2_LOCAL) return [0];
  const at = V2_FIXED;
  switch (family) {
    case 0x11:
      return [12, () => bytes.subarray(at, at + 4).join('.')];
    case 0x21:
      return [36, () => ipv6In(bytes.subarray(at, at + 16))];
    default:
      return [0];
  }
}

function ipv6In(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(2 * index));
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (isMapped) return bytes.subarray(12).join('.');
  return groups.map((group) => group.toString(16)).join(':');
}

function wrong(reason: string): ProxyHeader {
  return { kind: 'wrong', reason };
}
