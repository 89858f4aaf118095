import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { Access, Presented } from '../access/access.js';
import type { Logins } from '../access/logins.js';
import { mayCall } from '../access/permissions.js';
import type { Principal } from '../access/principal.js';
import { type CallerAddresses, NO_PROXIES } from '../platform/caller-addresses.js';
import type { CookieUse, Endpoint, HttpCall } from './endpoint.js';
import { loginIdOf } from './login-cookie.js';
import { refuseOtherSites, requireOwnPage, requireSecret } from './own-page.js';

/** What tells who sends a request. */
export interface Keepers {
  /** Absent: no credentials are configured, and everybody may do everything. */
  readonly access?: Access | undefined;
  /** Absent where there is no dashboard, and nobody signs in. */
  readonly logins?: Logins | undefined;
  /** Who is believed about where requests come from. Absent: nobody. */
  readonly addresses?: CallerAddresses | undefined;
}

/** Who sends a request, and what of it comes from a browser's login. */
export interface Identified extends Pick<HttpCall, 'login' | 'stillIn'> {
  readonly principal: Principal;
}

/** Finds out who sends a request, and whether they may. */
export async function enter(
  keepers: Keepers,
  request: IncomingMessage,
  { access: rule, cookie }: Pick<Endpoint, 'access' | 'cookie'>,
  path: string,
): Promise<Pick<HttpCall, 'principal' | 'login' | 'stillIn' | 'maySee'>> {
  const { access } = keepers;
  if (access === undefined || rule === 'open') return { maySee: () => {}, stillIn: () => true };
  const identified = await identify(access, keepers, request, cookie);
  const { principal } = identified;
  access.require(principal, rule, path);
  const stillIn = (): boolean => identified.stillIn() && mayCall(principal, rule);
  return { ...identified, stillIn, maySee: (budgetId) => access.require(principal, rule, path, budgetId) };
}

/** By the header; without one by the login of a cookie, where that counts; else by the certificate. */
export async function identify(
  access: Access,
  { logins, addresses }: Omit<Keepers, 'access'>,
  request: IncomingMessage,
  cookie: CookieUse | undefined,
): Promise<Identified> {
  const presented = new RequestPresented(request, addresses);
  const mayBeCookie = cookie !== undefined && presented.authorization.length === 0;
  const id = mayBeCookie ? loginIdOf(request) : undefined;
  if (logins === undefined || id === undefined) {
    const principal = await access.authenticate(presented);
    const validForMs = access.validForMs(principal);
    const stillIn = () => principal.withdrawn !== true && (validForMs === undefined || validForMs() > 0);
    return { principal, stillIn };
  }
  // Before the login is looked up: a request of another site must not keep it from ending.
  if (cookie === 'calling') requireOwnPage(request);
  else refuseOtherSites(request);
  const login = logins.use(id);
  if (login === undefined) return access.refuse(presented, 'this session is over: sign in again');
  const { principal, csrf } = login;
  if (cookie === 'calling') requireSecret(request, csrf);
  return { principal, login: { id, csrf }, stillIn: () => logins.use(id) !== undefined };
}

/** The credentials that an HTTP request carries by itself: a header, or the certificate of its connection. */
export class RequestPresented implements Presented {
  constructor(
    private readonly request: IncomingMessage,
    private readonly addresses: CallerAddresses = NO_PROXIES,
  ) {}

  /** Of several headers Node would show the first only. */
  get authorization(): string[] {
    return this.request.headersDistinct['authorization'] ?? [];
  }

  certificate() {
    const { socket } = this.request;
    return socket instanceof TLSSocket && socket.authorized ? socket.getPeerCertificate() : undefined;
  }

  peer(): string {
    const { socket, headers } = this.request;
    return this.addresses.addressOf(socket, headers['x-forwarded-for']?.toString());
  }
}
