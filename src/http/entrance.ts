import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { Access, Presented } from '../access/access.js';
import type { Rule } from '../access/permissions.js';
import type { Principal } from '../access/principal.js';

/** Who asks, and whether they may: `maySee` throws an `AccessError` for a budget that they may not come near. */
export interface Entered {
  readonly principal?: Principal | undefined;
  readonly maySee: (budgetId: string) => void;
}

/** Finds out who sends a request. Without credentials in the configuration everybody may do everything. */
export async function enter(
  access: Access | undefined,
  request: IncomingMessage,
  rule: Rule | 'open',
  path: string,
): Promise<Entered> {
  if (access === undefined || rule === 'open') return { maySee: () => {} };
  const principal = await access.authenticate(new RequestPresented(request));
  access.require(principal, rule, path);
  return { principal, maySee: (budgetId) => access.require(principal, rule, path, budgetId) };
}

/** The credentials that an HTTP request carries by itself: a header, or the certificate of its connection. */
export class RequestPresented implements Presented {
  constructor(private readonly request: IncomingMessage) {}

  /** Of several headers Node would show the first only. */
  get authorization(): string[] {
    return this.request.headersDistinct['authorization'] ?? [];
  }

  certificate() {
    const { socket } = this.request;
    return socket instanceof TLSSocket && socket.authorized ? socket.getPeerCertificate() : undefined;
  }

  peer(): string {
    return this.request.socket.remoteAddress ?? 'unknown';
  }
}
