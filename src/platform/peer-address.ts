import { isIPv6, SocketAddress } from 'node:net';

/** Hosts choose the second half of an IPv6 address as they like, often a new one for each connection. */
const NETWORK_GROUPS = 4;

/**
 * What is counted as one peer: an IPv4 address, however it is written, or a network of IPv6, in which one host has as many
 * addresses as it cares to use.
 */
export function peerOf(address: string | undefined): string {
  const plain = plainAddress(address ?? 'unknown');
  if (!isIPv6(plain) || plain === '::1') return plain;
  const [before = '', after] = plain.split('::');
  const head = before === '' ? [] : before.split(':');
  const tail = after === undefined || after === '' ? [] : after.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => '0');
  return `${[...head, ...zeros, ...tail].slice(0, NETWORK_GROUPS).join(':')}::/64`;
}

/** In its one spelling, of many that an IPv6 address has; one of IPv4 that is written as IPv6 as what it is. */
export function plainAddress(address: string): string {
  if (!isIPv6(address)) return address;
  const plain = new SocketAddress({ address: address.split('%')[0] ?? '', family: 'ipv6' }).address;
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(plain)?.[1] ?? plain;
}

/** Counts by peer, and forgets those that are zero. */
export class PeerCounts {
  private readonly counts = new Map<string, number>();

  of(peer: string): number {
    return this.counts.get(peer) ?? 0;
  }

  add(peer: string, difference: number): number {
    const count = this.of(peer) + difference;
    if (count === 0) this.counts.delete(peer);
    else this.counts.set(peer, count);
    return count;
  }

  all(): [string, number][] {
    return [...this.counts];
  }

  /** Peers that are counted. */
  get size(): number {
    return this.counts.size;
  }
}
