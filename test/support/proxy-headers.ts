import { isIPv4 } from 'node:net';

/** A header of the PROXY protocol, version 1. */
export function v1(rest: string): Buffer {
  return Buffer.from(`PROXY ${rest}\r\n`);
}

export interface V2 {
  readonly command?: number;
  readonly family: number;
  readonly addresses?: readonly string[];
  /** What stands after the addresses. */
  readonly more?: Buffer;
}

/** A header of version 2. */
export function v2({ command = 0x21, family, addresses = [], more = Buffer.alloc(0) }: V2): Buffer {
  const ports = addresses.length > 0 ? Buffer.from([0xdc, 4, 1, 0xbb]) : Buffer.alloc(0);
  const rest = Buffer.concat([...addresses.map(bytesOf), ports, more]);
  const fixed = Buffer.from('\r\n\r\n\0\r\nQUIT\n\0\0\0\0', 'latin1');
  fixed[12] = command;
  fixed[13] = family;
  fixed.writeUInt16BE(rest.length, 14);
  return Buffer.concat([fixed, rest]);
}

function bytesOf(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  const [head = '', tail] = address.split('::');
  const groups = (text: string) => {
    const parts = text === '' ? [] : text.split(':');
    return parts.flatMap((part) =>
      part.includes('.') ? [...bytesOf(part)] : split(Number.parseInt(part, 16)),
    );
  };
  const [before, after] = [groups(head), groups(tail ?? '')];
  return Buffer.from([...before, ...Array(16 - before.length - after.length).fill(0), ...after]);
}

function split(group: number): [number, number] {
  return [group >> 8, group & 0xff];
}
