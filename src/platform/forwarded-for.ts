import { isIP, isIPv4 } from 'node:net';

/** Longer than the longest address with its port. */
const MOST_CHARACTERS = 64;
/** Each proxy on the way adds one. */
const MOST_HOPS = 32;

/**
 * The address that a call came from, by what the proxies on its way say: of `X-Forwarded-For` the rightmost that is no trusted
 * proxy's. What stands to its left anybody may have written. Where something else than an address stands, what is right of it counts.
 */
export function callerAddress(
  peer: string,
  forwarded: string | undefined,
  trusts: (address: string) => boolean,
): string {
  if (forwarded === undefined || !trusts(peer)) return peer;
  let caller = peer;
  let end = forwarded.length;
  for (let hop = 0; hop < MOST_HOPS && end >= 0; hop += 1) {
    const comma = end === 0 ? -1 : forwarded.lastIndexOf(',', end - 1);
    const address = addressIn(forwarded, comma + 1, end);
    if (address === undefined) return caller;
    caller = address;
    if (!trusts(address)) return address;
    end = comma;
  }
  return caller;
}

/** `203.0.113.9`, `2001:db8::1`, `[2001:db8::1]`, the first and the last with a port, too. */
function addressIn(text: string, from: number, to: number): string | undefined {
  // Nobody shall make us cut and trim kilobytes.
  if (to - from > 2 * MOST_CHARACTERS) return undefined;
  const written = text.slice(from, to).trim();
  if (written.length === 0 || written.length > MOST_CHARACTERS) return undefined;
  const [, bracketed] = /^\[([0-9a-f:.]+)\](?::\d{1,5})?$/i.exec(written) ?? [];
  if (bracketed !== undefined) return isIP(bracketed) === 6 ? bracketed : undefined;
  const [, beforePort] = /^([0-9.]+):\d{1,5}$/.exec(written) ?? [];
  if (beforePort !== undefined) return isIPv4(beforePort) ? beforePort : undefined;
  return isIP(written) !== 0 && !written.includes('%') ? written : undefined;
}
