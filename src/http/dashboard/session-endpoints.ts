import { z } from 'zod';
import type { Access } from '../../access/access.js';
import { AccessError } from '../../access/access-error.js';
import { PERMISSIONS } from '../../access/permissions.js';
import { principalLabel } from '../../access/principal.js';
import type { Answer } from '../answer.js';
import type { HttpCall } from '../endpoint.js';
import { RequestPresented } from '../entrance.js';
import { readChange } from './changes.js';
import type { SessionData } from './page-data.js';
import { endedCookie, sessionCookie, sessionIdOf } from './session-cookie.js';
import type { Visitor, Visitors } from './visitors.js';

const TOKEN = z.strictObject({
  token: z
    .string()
    .trim()
    .min(1, 'is empty')
    .max(16 * 1024, 'is too long'),
});

/** Who is looking. Those who are nobody yet learn that, and nothing else. */
export async function session({ request }: HttpCall, visitors: Visitors, version: string): Promise<Answer> {
  const credentials = visitors.access !== undefined;
  const carriesSome = sessionIdOf(request) !== undefined || hasCredentials(request);
  const nobody = { credentials, canSignOut: false, csrf: visitors.csrf, version };
  if (credentials && !carriesSome) return { status: 200, body: nobody satisfies SessionData };
  try {
    const visitor = await visitors.of(request);
    return { status: 200, body: sessionData(visitor, credentials, version) };
  } catch (error) {
    if (!(error instanceof AccessError) || error.failure !== 'UNAUTHENTICATED') throw error;
    return {
      status: 200,
      body: nobody satisfies SessionData,
      headers: { 'set-cookie': endedCookie(request) },
    };
  }
}

function hasCredentials(request: HttpCall['request']): boolean {
  const presented = new RequestPresented(request);
  return presented.authorization.length > 0 || presented.certificate() !== undefined;
}

function sessionData(visitor: Visitor, credentials: boolean, version: string): SessionData {
  const { principal, csrf, sessionId } = visitor;
  return {
    ...{ credentials, csrf, version, canSignOut: sessionId !== undefined },
    ...(principal === undefined ? {} : { name: principalLabel(principal) }),
  };
}

/** Exchanges a token for a session. The token stays nowhere. */
export async function signIn(
  call: HttpCall,
  visitors: Visitors,
  access: Access,
  version: string,
): Promise<Answer> {
  const guard = { csrf: visitors.csrf, anonymous: false };
  const { token } = await readChange(call, guard, TOKEN);
  const { request, path } = call;
  const peer = new RequestPresented(request).peer();
  const principal = await access.authenticate({
    authorization: [`Bearer ${token}`],
    certificate: () => undefined,
    peer: () => peer,
  });
  access.require(principal, PERMISSIONS.http, path);
  // Whoever had the browser before is out of it.
  const before = sessionIdOf(request);
  if (before !== undefined) visitors.sessions.close(before);
  const { id, session: opened } = visitors.sessions.open(principal);
  visitors.log.info({ principal: principalLabel(principal), peer }, 'signed in to the dashboard');
  const body: SessionData = {
    ...{ credentials: true, canSignOut: true, csrf: opened.csrf, version },
    name: principalLabel(principal),
  };
  return { status: 200, body, headers: { 'set-cookie': sessionCookie(request, id) } };
}

export async function signOut(call: HttpCall, visitors: Visitors): Promise<Answer> {
  const visitor = await visitors.of(call.request);
  await readChange(call, visitor, z.strictObject({}));
  const { sessionId, principal } = visitor;
  if (sessionId !== undefined) visitors.sessions.close(sessionId);
  visitors.log.info({ principal: principalLabel(principal) }, 'signed out of the dashboard');
  const message = 'You are signed out.';
  return { status: 200, body: { message }, headers: { 'set-cookie': endedCookie(call.request) } };
}
