import type { Server, Socket } from 'node:net';
import type { CallerAddresses } from './caller-addresses.js';
import type { Log } from './log.js';
import { type ProxyHeader, parseProxyHeader } from './proxy-header.js';
import type { Scheduler } from './scheduler.js';

/** As long as a handshake may take. */
const HEADER_MS = 5_000;
const NOTHING = Buffer.alloc(0);

export interface ProxyEntranceOptions {
  readonly addresses: CallerAddresses;
  readonly scheduler: Scheduler;
  readonly log: Log;
}

type Found = Exclude<ProxyHeader, { kind: 'incomplete' }>;

/**
 * Reads the header of the PROXY protocol that connections of trusted proxies begin with, before anybody else sees them. To be
 * called when all who listen for connections of the server do.
 */
export function readProxyHeaders(server: Server, { addresses, scheduler, log }: ProxyEntranceOptions): void {
  if (!addresses.readsHeaders) return;
  const behind = server.listeners('connection');
  let refused = 0;
  const pass = (socket: Socket): void => {
    for (const listener of behind) listener.call(server, socket);
  };
  const refuse = (socket: Socket, reason: string): void => {
    socket.destroy();
    refused += 1;
    // Told at the 1st, 2nd, 4th, 8th: a proxy that is set up wrongly sends them without end.
    if (Number.isInteger(Math.log2(refused))) {
      log.warn({ proxy: socket.remoteAddress, reason, refused }, 'a trusted proxy sends no PROXY header');
    }
  };
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    if (!addresses.trusts(socket.remoteAddress)) {
      pass(socket);
      return;
    }
    firstHeader(socket, scheduler, (found, rest) => {
      if (found.kind === 'wrong') {
        refuse(socket, found.reason);
        return;
      }
      if (found.source !== undefined) socket.once('close', addresses.learn(socket, found.source));
      if (rest.length > 0) socket.unshift(rest);
      pass(socket);
    });
  });
}

/** Takes no more than the header from a connection; one that sends none in time, or goes, is closed. */
function firstHeader(socket: Socket, scheduler: Scheduler, take: (found: Found, rest: Buffer) => void): void {
  let bytes: Buffer = NOTHING;
  const cancel = scheduler.after(HEADER_MS, () => finish({ kind: 'wrong', reason: 'none came within 5 s' }));
  const onReadable = (): void => {
    for (;;) {
      const chunk: Buffer | null = socket.read();
      if (chunk === null) return;
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
      const found = parseProxyHeader(bytes);
      if (found.kind === 'incomplete') continue;
      finish(found, found.kind === 'header' ? bytes.subarray(found.length) : NOTHING);
      return;
    }
  };
  const gone = (): void => leave();
  const ended = (): void => void socket.destroy();
  function leave(): void {
    cancel();
    socket.removeListener('readable', onReadable).removeListener('end', ended);
    socket.removeListener('close', gone).removeListener('error', ended);
  }
  function finish(found: Found, rest: Buffer = NOTHING): void {
    leave();
    // A connection that is refused may still break.
    if (found.kind === 'wrong') socket.on('error', () => {});
    take(found, rest);
  }
  socket.on('readable', onReadable).on('end', ended).on('close', gone).on('error', ended);
}
