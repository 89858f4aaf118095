import { readFile } from 'node:fs/promises';
import type { JSONWebKeySet } from 'jose';
import type { JwtSettings } from './settings.js';

const TIMEOUT_MS = 5_000;

/** How the keys of an issuer are read: from a file, from an address, or from where its discovery document says. */
export function keySource({ issuer, jwksFile, jwksUri }: JwtSettings): () => Promise<JSONWebKeySet> {
  if (jwksFile !== undefined)
    return async () => keySet(JSON.parse(await readFile(jwksFile, 'utf8')), jwksFile);
  if (jwksUri !== undefined) return async () => keySet(await fetchJson(jwksUri), jwksUri);
  return async () => {
    const uri = await discoveredUri(issuer);
    return keySet(await fetchJson(uri), uri);
  };
}

async function discoveredUri(issuer: string): Promise<string> {
  const document = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const { issuer: told, jwks_uri: uri } = (await fetchJson(document)) as {
    issuer?: unknown;
    jwks_uri?: unknown;
  };
  if (told !== issuer) throw new Error(`${document} is of another issuer: ${JSON.stringify(told)}`);
  if (typeof uri !== 'string' || !isGuardedUrl(uri)) {
    throw new Error(`${document} names no jwks_uri that begins with https://`);
  }
  return uri;
}

/** Whoever could change the answer on its way could make tokens. Only this machine may go without TLS. */
export function isGuardedUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, hash } = new URL(text);
  if (username !== '' || hash !== '') return false;
  return (
    protocol === 'https:' || (protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(hostname))
  );
}

async function fetchJson(url: string): Promise<unknown> {
  const response = await fetch(url, {
    headers: { accept: 'application/json' },
    // The address was checked; where it would send us was not.
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response.json();
}

function keySet(value: unknown, from: string): JSONWebKeySet {
  const { keys } = (value ?? {}) as { keys?: unknown };
  if (!Array.isArray(keys)) throw new Error(`${from} is not a JSON Web Key Set: it has no list "keys"`);
  return { keys };
}
