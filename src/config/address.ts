import { BlockList, isIP } from 'node:net';

/** Where a server listens. Port 0 lets the system choose one. */
export interface Address {
  readonly host: string;
  readonly port: number;
  /** As it was set: host and port, an IPv6 address in brackets. */
  readonly text: string;
}

const HOST_NAME =
  /^(?!.*\.\d+$)(?!\d+$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;

/** `127.0.0.1:50051`, `localhost:0` or `[::1]:1234`. */
export function parseAddress(text: string): Address | undefined {
  const [, six, other, digits] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535) return undefined;
  if (six !== undefined) return isIP(six) === 6 ? { host: six, port, text } : undefined;
  if (other === undefined || !(isIP(other) === 4 || HOST_NAME.test(other))) return undefined;
  return other.length <= 253 ? { host: other, port, text } : undefined;
}

export const ADDRESS_RULE = 'host:port, such as 127.0.0.1:50051, [::1]:50051 or localhost:0';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** Only this machine reaches it. */
export function isLoopback({ host }: Address): boolean {
  const version = isIP(host);
  if (version === 0) return host.toLowerCase() === 'localhost';
  return LOOPBACK.check(host, version === 6 ? 'ipv6' : 'ipv4');
}

/** Where HTTP is served, as a setting: apart from the others, since a health check needs this one alone. */
export const HTTP_ADDRESS = { variable: 'HTTP_ADDRESS', fallback: '127.0.0.1:8080' } as const;
