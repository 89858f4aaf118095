import { readFile } from 'node:fs/promises';
import type { JSONWebKeySet } from 'jose';
import { exchange } from '../platform/exchange.js';
import { jsonOf, keySet, keySetIn } from '../platform/key-set.js';
import type { Scheduler } from '../platform/scheduler.js';
import type { JwtSettings } from './settings.js';

/** Of a document of the issuer: much more than any has, and little enough to be read without end. */
const MOST_BYTES = 1024 * 1024;
const DOCUMENT_MS = 5_000;
/** Of what an issuer told, so much is repeated in the log. */
const MOST_SHOWN = 200;

/** How the keys of an issuer are read: from a file, from an address, or from where its discovery document says. */
export function keySource(
  { issuer, jwksFile, jwksUri }: JwtSettings,
  scheduler: Scheduler,
): () => Promise<JSONWebKeySet> {
  if (jwksFile !== undefined) return async () => keySetIn(await readFile(jwksFile), jwksFile);
  const keysAt = async (uri: string) => keySet(await fetchJson(uri, scheduler), placeOf(uri));
  if (jwksUri !== undefined) return () => keysAt(jwksUri);
  return async () => keysAt(await discoveredUri(issuer, scheduler));
}

async function discoveredUri(issuer: string, scheduler: Scheduler): Promise<string> {
  const document = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const { issuer: told, jwks_uri: uri } = ((await fetchJson(document, scheduler)) ?? {}) as {
    issuer?: unknown;
    jwks_uri?: unknown;
  };
  if (told !== issuer) throw new Error(`${document} is of another issuer: ${shown(told)}`);
  if (typeof uri !== 'string' || !isGuardedUrl(uri)) {
    throw new Error(`${document} names no jwks_uri that begins with https://`);
  }
  return uri;
}

/** Whoever could change the answer on its way could make tokens. Only this machine may go without TLS. */
export function isGuardedUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password, hash } = new URL(text);
  if (username !== '' || password !== '' || hash !== '') return false;
  return (
    protocol === 'https:' || (protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(hostname))
  );
}

/** The address was checked; where it would send us was not, so that a redirect is a failure like any other status. */
async function fetchJson(url: string, scheduler: Scheduler): Promise<unknown> {
  const place = placeOf(url);
  const { status, body, whole } = await exchange(
    {
      ...{ url, method: 'GET', headers: { accept: 'application/json' }, withinMs: DOCUMENT_MS },
      mostBytes: (answered) => (answered === 200 ? MOST_BYTES : 0),
    },
    scheduler,
  ).catch((error: unknown) => {
    throw new Error(`${place}: ${(error as Error).message}`, { cause: error });
  });
  if (status !== 200) throw new Error(`${place} answered ${status}`);
  if (whole) return jsonOf(body, place);
  const why = body.length < MOST_BYTES ? 'broke off' : `is larger than ${MOST_BYTES} bytes`;
  throw new Error(`what ${place} answered ${why}`);
}

/** An address for the log: a query may have a key of its own. */
function placeOf(url: string): string {
  return url.replace(/\?.*/s, '?...');
}

function shown(told: unknown): string {
  return String(JSON.stringify(told)).slice(0, MOST_SHOWN);
}
