import type { Access } from '../../access/access.js';
import { AccessError } from '../../access/access-error.js';
import { type Logins, randomText } from '../../access/logins.js';
import { mayCall, PERMISSIONS } from '../../access/permissions.js';
import { type Principal, principalLabel } from '../../access/principal.js';
import { invalidFields } from '../../api/failures/request-error.js';
import type { Log } from '../../platform/log.js';
import type { HttpCall } from '../endpoint.js';
import { identify, RequestPresented } from '../entrance.js';
import { refuseMisdirected } from '../host-check.js';
import { endedCookie, loginCookie, loginIdOf } from '../login-cookie.js';
import { requireOwnPage, requireSecret } from '../own-page.js';
import type { HttpResponse } from '../response.js';
import type { SessionData } from './page-data.js';

export interface SignInOptions {
  readonly access: Access | undefined;
  readonly logins: Logins;
  readonly log: Log;
  readonly version: string;
}

/** A token as large as a header may carry, and what JSON adds. */
const MAX_BYTES = 64 * 1024;
const OPERATING = PERMISSIONS.BudgetAdminService.pauseBudget;
const MAX_TOKEN = 16 * 1024;

/** How a browser signs in and out. */
export class SignIns {
  /** For those who are not signed in: another site's page can neither read it nor send it along. */
  private readonly csrf = randomText();

  constructor(private readonly options: SignInOptions) {}

  /** Who is looking. Those who are nobody yet learn that, and nothing else. */
  async session({ request }: HttpCall): Promise<HttpResponse> {
    const { access, logins } = this.options;
    if (access === undefined) {
      refuseMisdirected(request);
      return { status: 200, body: this.dataOf(undefined) };
    }
    if (loginIdOf(request) === undefined && !hasCredentials(request)) {
      return { status: 200, body: this.dataOf(undefined) };
    }
    try {
      const { principal, login } = await identify(access, logins, request, 'reading');
      return { status: 200, body: this.dataOf(principal, login?.csrf) };
    } catch (error) {
      if (!(error instanceof AccessError) || error.failure !== 'UNAUTHENTICATED') throw error;
      const headers = { 'set-cookie': endedCookie(request) };
      return { status: 200, body: this.dataOf(undefined), headers };
    }
  }

  /** Exchanges a token for a login. The token stays nowhere. */
  async signIn({ request, path, body }: HttpCall): Promise<HttpResponse> {
    const { access, logins, log } = this.options;
    requireOwnPage(request);
    requireSecret(request, this.csrf);
    const token = tokenIn(await body(MAX_BYTES));
    if (access === undefined) {
      throw invalidFields([{ field: 'token', description: 'no credentials are configured here' }]);
    }
    const peer = new RequestPresented(request).peer();
    const principal = await access.authenticate({
      authorization: [`Bearer ${token}`],
      certificate: () => undefined,
      peer: () => peer,
    });
    access.require(principal, PERMISSIONS.http, path);
    // Whoever had the browser before is out of it.
    const before = loginIdOf(request);
    if (before !== undefined) logins.close(before);
    const { id, login } = logins.open(principal);
    const name = principalLabel(principal);
    log.info({ principal: name, peer }, 'signed in to the dashboard');
    const headers = { 'set-cookie': loginCookie(request, id) };
    return { status: 200, body: this.dataOf(principal, login.csrf), headers };
  }

  signOut({ request, login, principal }: HttpCall): HttpResponse {
    const { logins, log } = this.options;
    if (login !== undefined) logins.close(login.id);
    log.info({ principal: principalLabel(principal) }, 'signed out of the dashboard');
    return { status: 200, body: {}, headers: { 'set-cookie': endedCookie(request) } };
  }

  /** `csrf`: that of a login, which one can sign out of. */
  private dataOf(principal: Principal | undefined, csrf?: string): SessionData {
    const { access, version } = this.options;
    const mayOperate = principal === undefined ? access === undefined : mayCall(principal, OPERATING);
    return {
      ...{ credentials: access !== undefined, version },
      ...{ canSignOut: csrf !== undefined, csrf: csrf ?? this.csrf },
      ...(principal === undefined ? {} : { name: principalLabel(principal) }),
      mayOperate,
    };
  }
}

function hasCredentials(request: HttpCall['request']): boolean {
  const presented = new RequestPresented(request);
  return presented.authorization.length > 0 || presented.certificate() !== undefined;
}

/** Not repeated in what is said of it. */
function tokenIn(body: Buffer): string {
  const token = parsed(body)?.trim();
  if (token !== undefined && token !== '' && token.length <= MAX_TOKEN) return token;
  const description = `must be a text of 1 to ${MAX_TOKEN} characters, the one field of a JSON object`;
  throw invalidFields([{ field: 'token', description }]);
}

function parsed(body: Buffer): string | undefined {
  try {
    const { token, ...others } = JSON.parse(body.toString()) as { readonly token?: unknown };
    return typeof token === 'string' && Object.keys(others).length === 0 ? token : undefined;
  } catch {
    return undefined;
  }
}
