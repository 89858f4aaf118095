import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { TransportError } from '../api/failures/transport-error.js';
import { peerOf } from '../platform/peer-address.js';

/**
 * A web page may give its own name the address 127.0.0.1 after it was loaded; the browser then takes this service for the
 * page's own server. It cannot pass for an address, though, nor for `localhost`.
 */
export function namesThisMachine(host: string | undefined): boolean {
  if (host === undefined) return true;
  const name = host
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase();
  return isIP(name) !== 0 || name === 'localhost' || name.endsWith('.localhost');
}

/** Where nobody needs credentials, whoever can connect is trusted: on loopback that must not be a page from elsewhere. */
export function refuseMisdirected({ headers, socket }: IncomingMessage): void {
  const own = peerOf(socket.localAddress);
  if ((own !== '::1' && !own.startsWith('127.')) || namesThisMachine(headers.host)) return;
  throw new TransportError(
    'MISDIRECTED',
    'without credentials this service answers to localhost and to addresses only: call it by one of these, or name credentials ' +
      'in CONFIG_FILE',
  );
}
