import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { Access, Presented } from '../access/access.js';
import { PERMISSIONS } from '../access/permissions.js';

/** Asks whether the caller of one request may see something: a page, or what it shows of one budget. Throws an `AccessError`. */
export type MaySee = (budgetId?: string) => void;

/** Finds out who sends a request. Without credentials in the configuration everybody may see everything. */
export async function enter(
  access: Access | undefined,
  request: IncomingMessage,
  path: string,
): Promise<MaySee> {
  if (access === undefined) return () => {};
  const principal = await access.authenticate(new RequestPresented(request));
  const maySee: MaySee = (budgetId) => access.require(principal, PERMISSIONS.http, path, budgetId);
  maySee();
  return maySee;
}

class RequestPresented implements Presented {
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
