import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { TLSSocket } from 'node:tls';
import { z } from 'zod';
import { AccessError } from '../../access/access-error.js';
import { type Answer, errorAnswer } from '../answer.js';
import type { HttpCall } from '../endpoint.js';

/** What no form of another site can send without asking first. */
const JSON_TYPE = /^application\/json(?:\s*;\s*charset="?utf-8"?)?$/i;

/** A request that is not what the page sends. */
export class InputError extends Error {
  constructor(
    readonly field: string,
    message: string,
    readonly status: 400 | 415 = 400,
  ) {
    super(message);
  }
}

export function inputAnswer({ field, message, status }: InputError): Answer {
  return errorAnswer(status, 'INVALID_FIELD', message, field === '' ? {} : { field });
}

/** The largest policy has room in it. */
const MAX_BYTES = 256 * 1024;

/** What a change must repeat; and whether nothing but the sender's place says who it is. */
export interface ChangeGuard {
  readonly csrf: string;
  readonly anonymous: boolean;
}

/** Reads the body of a change, once it is sure that a page of ours sent it. */
export async function readChange<T>(call: HttpCall, guard: ChangeGuard, shape: z.ZodType<T>): Promise<T> {
  requireOwnPage(call.request, guard);
  if (!JSON_TYPE.test(call.request.headers['content-type']?.trim() ?? ''))
    throw new InputError('', 'the content-type must be application/json', 415);
  const result = shape.safeParse(parsed(await call.body(MAX_BYTES)));
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = issue?.path.join('.') ?? '';
  throw new InputError(field, `${field === '' ? 'the body' : field}: ${issue?.message ?? 'is wrong'}`);
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new InputError('', 'the body is not JSON');
  }
}

/** Another site's page can make a browser send a request, but neither read our token nor set our header. */
function requireOwnPage(request: IncomingMessage, { csrf, anonymous }: ChangeGuard): void {
  const { headers, socket } = request;
  const site = headers['sec-fetch-site'];
  const { origin } = headers;
  const foreign =
    (site !== undefined && site !== 'same-origin') || (origin !== undefined && !isOwnOrigin(origin, request));
  if (foreign) {
    throw forbidden(
      'a page of another site must not change anything here; a proxy that ends TLS must pass on Host, and X-Forwarded-Proto',
    );
  }
  const shown = headers['x-csrf-token'];
  if (typeof shown !== 'string' || !isSame(shown, csrf)) {
    throw forbidden('the header x-csrf-token is missing or old: reload the page');
  }
  if (anonymous && isLoopback(socket.remoteAddress) && !isOwnName(headers.host)) {
    throw forbidden('open the dashboard of this machine by its address or as localhost');
  }
}

/** Scheme, host and port: a page that came without TLS may be anybody's who is on the line. */
function isOwnOrigin(origin: string, { headers, socket }: IncomingMessage): boolean {
  if (!URL.canParse(origin)) return false;
  const { protocol, host } = new URL(origin);
  const isSecure = socket instanceof TLSSocket || forwardedProtocol(headers['x-forwarded-proto']) === 'https';
  return protocol === (isSecure ? 'https:' : 'http:') && host === headers.host?.toLowerCase();
}

/** What a proxy says of the browser's connection. No page of another site can send it. */
function forwardedProtocol(header: string | string[] | undefined): string | undefined {
  return header?.toString().split(',')[0]?.trim().toLowerCase();
}

/** Of a name, an attacker may say that it is 127.0.0.1, and his page would pass for ours. */
function isOwnName(host = ''): boolean {
  const name = hostOf(`http://${host}`)?.replace(/:\d+$/, '') ?? '';
  return name === 'localhost' || isIP(name.replace(/^\[(.*)\]$/, '$1')) > 0;
}

function isLoopback(address = ''): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address);
}

function hostOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).host : undefined;
}

function isSame(shown: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(shown), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function forbidden(message: string): AccessError {
  return new AccessError('PERMISSION_DENIED', message);
}

/** What an operator gives as the reason of an action. */
export const REASON = z
  .string()
  .max(256, 'may have at most 256 characters')
  .regex(/^\P{Cc}*$/u, 'must not contain line breaks or other control characters')
  .default('');
