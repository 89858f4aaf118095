import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { TransportError } from '../api/failures/transport-error.js';

/** What no form of another site can send without asking first. */
const JSON_TYPE = /^application\/json(?:\s*;\s*charset="?utf-8"?)?$/i;

/**
 * A page of another site can send nothing to this place: what it may send without being asked has none of the content types
 * of calls, and what a browser says of where a request comes from must be here. Who says nothing of it is no page.
 */
export function refuseOtherSites(request: IncomingMessage): void {
  const { 'sec-fetch-site': site, origin } = request.headers;
  const elsewhere = site !== undefined && site !== 'same-origin' && site !== 'none';
  if (!elsewhere && (origin === undefined || isOwnPlace(origin, request))) return;
  throw new TransportError(
    'CROSS_SITE',
    'this call was sent by a page of another site: calls from a browser must come from the same origin',
  );
}

/** By host and port; by the scheme only where TLS ends here, since a proxy may not say whether it ends there. */
function isOwnPlace(origin: string, { headers, socket }: IncomingMessage): boolean {
  const [, scheme, place] = /^(https?):\/\/([^/?#]+)$/i.exec(origin) ?? [];
  if (socket instanceof TLSSocket && scheme?.toLowerCase() !== 'https') return false;
  return place !== undefined && place.toLowerCase() === headers.host?.toLowerCase();
}

/** What a browser adds a cookie to by itself must have been sent by a page of ours, must say so, and must be JSON. */
export function requireOwnPage(request: IncomingMessage): void {
  const { headers } = request;
  const site = headers['sec-fetch-site'];
  if ((site !== undefined && site !== 'same-origin') || !isOwnOrigin(headers.origin, request)) {
    throw new TransportError(
      'CROSS_SITE',
      "the session of a browser counts for this service's own pages alone, which say so by their origin; " +
        'a proxy that ends TLS must pass on Host, and X-Forwarded-Proto',
    );
  }
  if (!JSON_TYPE.test(headers['content-type']?.trim() ?? '')) {
    throw new TransportError(
      'CONTENT_TYPE',
      'with the session of a browser, content-type must be application/json',
    );
  }
}

/** Another site's page can make a browser send a request, but neither read this secret nor set the header. */
export function requireSecret({ headers }: IncomingMessage, secret: string): void {
  const shown = headers['x-csrf-token'];
  if (typeof shown === 'string' && isSame(shown, secret)) return;
  throw new TransportError('CROSS_SITE', 'the header x-csrf-token is missing or old: reload the page');
}

/** Scheme, host and port: a page that came without TLS may be anybody's who is on the line. */
function isOwnOrigin(origin: string | undefined, { headers, socket }: IncomingMessage): boolean {
  if (origin === undefined || !URL.canParse(origin)) return false;
  const { protocol, host } = new URL(origin);
  const isSecure = socket instanceof TLSSocket || forwardedProtocol(headers['x-forwarded-proto']) === 'https';
  return protocol === (isSecure ? 'https:' : 'http:') && host === headers.host?.toLowerCase();
}

/** What a proxy says of the browser's connection. No page of another site can send it. */
function forwardedProtocol(header: string | string[] | undefined): string | undefined {
  return header?.toString().split(',')[0]?.trim().toLowerCase();
}

function isSame(shown: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(shown), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
