import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';

const ID = /^[\w-]{43}$/;

/** The prefix makes browsers refuse one that came without TLS, or that a neighbour set for all of a domain. */
function nameFor(request: IncomingMessage): string {
  return isSecure(request) ? '__Host-budget_session' : 'budget_session';
}

/** Of several neither: one of them is not ours, and nobody can tell which. */
export function loginIdOf(request: IncomingMessage): string | undefined {
  const wanted = `${nameFor(request)}=`;
  const pairs = (request.headers.cookie ?? '').split(';').map((part) => part.trim());
  const [id, ...more] = pairs
    .filter((pair) => pair.startsWith(wanted))
    .map((pair) => pair.slice(wanted.length));
  return id !== undefined && more.length === 0 && ID.test(id) ? id : undefined;
}

/** Gone with the browser, at the latest; the service ends it sooner. */
export function loginCookie(request: IncomingMessage, id: string): string {
  return `${nameFor(request)}=${id}; Path=/; HttpOnly; SameSite=Strict${secure(request)}`;
}

export function endedCookie(request: IncomingMessage): string {
  return `${nameFor(request)}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict${secure(request)}`;
}

function secure(request: IncomingMessage): string {
  return isSecure(request) ? '; Secure' : '';
}

function isSecure({ socket }: IncomingMessage): boolean {
  return socket instanceof TLSSocket;
}
