import { BlockList, isIP } from 'node:net';
import { callerAddress } from './forwarded-for.js';
import { peerOf, plainAddress } from './peer-address.js';

/** Addresses of proxies that are believed: one, or a network. */
export interface TrustedNetwork {
  readonly address: string;
  readonly prefix: number;
}

export interface ProxySettings {
  readonly trustedProxies: readonly TrustedNetwork[];
  /** Connections of trusted proxies begin with a header of the PROXY protocol. */
  readonly proxyProtocol: boolean;
}

/** The far end of a connection. */
export interface FarEnd {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/** Where connections and calls to one server come from, seen through the proxies that are trusted. */
export class CallerAddresses {
  readonly readsHeaders: boolean;
  private readonly trusted = new BlockList();
  private readonly anyTrusted: boolean;
  /** Of connections whose PROXY header says so. */
  private readonly sources = new Map<string, string>();

  constructor({ trustedProxies, proxyProtocol }: ProxySettings) {
    for (const { address, prefix } of trustedProxies) {
      this.trusted.addSubnet(address, prefix, isIP(address) === 6 ? 'ipv6' : 'ipv4');
    }
    this.anyTrusted = trustedProxies.length > 0;
    this.readsHeaders = proxyProtocol && this.anyTrusted;
  }

  trusts(address: string | undefined): boolean {
    if (!this.anyTrusted || address === undefined) return false;
    const plain = plainAddress(address);
    const family = isIP(plain);
    return family !== 0 && this.trusted.check(plain, family === 6 ? 'ipv6' : 'ipv4');
  }

  /** Whom a connection counts as: its far end, or whom its proxy names. */
  peerOf(end: FarEnd): string {
    return peerOf(this.sourceOf(end));
  }

  /** Whether calls of many callers come on a connection. */
  isShared(end: FarEnd): boolean {
    return this.trusts(this.sourceOf(end));
  }

  /** Whom a call counts as. `forwarded`: its `X-Forwarded-For`, several joined in their order. */
  callerOf(end: FarEnd, forwarded: string | undefined): string {
    return peerOf(this.addressOf(end, forwarded));
  }

  /** The whole address that a call came from, for the log. */
  addressOf(end: FarEnd, forwarded: string | undefined): string {
    const source = this.sourceOf(end) ?? 'unknown';
    return this.anyTrusted ? callerAddress(source, forwarded, (each) => this.trusts(each)) : source;
  }

  /** What the PROXY header of a connection says. Returns what forgets it. */
  learn(end: FarEnd, source: string): () => void {
    const key = keyOf(end);
    this.sources.set(key, source);
    return () => this.sources.delete(key);
  }

  private sourceOf(end: FarEnd): string | undefined {
    return (this.readsHeaders ? this.sources.get(keyOf(end)) : undefined) ?? end.remoteAddress;
  }
}

/** Nobody is trusted: everybody is who they connect as. */
export const NO_PROXIES = new CallerAddresses({ trustedProxies: [], proxyProtocol: false });

/** The same for a connection and for the TLS socket upon it. */
export function keyOf({ remoteAddress, remotePort }: FarEnd): string {
  return `${remoteAddress} ${remotePort}`;
}
