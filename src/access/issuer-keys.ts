import { readFile } from 'node:fs/promises';
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey, type LocalJWKSet } from 'jose';
import { jsonOf, keySet, keySetIn } from '../platform/bytes.js';
import { exchange } from '../platform/exchange.js';
import type { Log } from '../platform/log.js';
import type { Scheduler } from '../platform/scheduler.js';
import { AccessError } from './access-error.js';
import type { JwtSettings } from './access-settings.js';

/** Keys are read again after this time, so that one that the issuer withdrew is not trusted for longer. */
const FRESH_MS = 10 * 60_000;
/** While the issuer does not answer, the keys that it had last stay in use this long. */
const USABLE_MS = 24 * 3_600_000;
/** An unknown key makes us ask again, but not more often than this: anybody can name keys that do not exist. */
const UNKNOWN_KEY_MS = 30_000;
/** After a failure; with keys in use, which leave time, twice as long with each further one. */
const FIRST_RETRY_MS = 2_000;
const LONGEST_RETRY_MS = 32_000;
/** Whatever a reading hangs at: above the two documents of an issuer, which have an end of their own. */
const READING_MS = 12_000;

export interface IssuerKeysOptions {
  readonly issuer: string;
  readonly read: () => Promise<JSONWebKeySet>;
  readonly scheduler: Scheduler;
  /** Milliseconds from an arbitrary start. */
  readonly monotonic: () => number;
  readonly log: Log;
  /** The issuer has other keys now: what was believed by the old ones is to be checked again. */
  readonly changed: () => void;
}

/** The public keys of one issuer: read when first needed, cached, and read again when it rotates them. */
export class IssuerKeys {
  private keys: LocalJWKSet | undefined;
  private text = '';
  private readAt = Number.NEGATIVE_INFINITY;
  private triedAt = Number.NEGATIVE_INFINITY;
  /** In a row. */
  private failures = 0;
  private reading: Promise<void> | undefined;

  constructor(private readonly options: IssuerKeysOptions) {}

  readonly keyFor: JWTVerifyGetKey = async (header, token) => {
    const keys = this.goodKeys() ?? (await this.firstKeys());
    try {
      return await keys(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await this.readAgain(UNKNOWN_KEY_MS);
      if (this.keys !== undefined && this.keys !== keys) return this.keys(header, token);
      if (this.failures > 0) throw this.unavailable();
      throw error;
    }
  };

  /** Nobody waits for a reading while there are keys: an issuer that hangs would hold up everybody. */
  private goodKeys(): LocalJWKSet | undefined {
    const age = this.options.monotonic() - this.readAt;
    if (age > FRESH_MS) void this.readAgain(0);
    return age <= USABLE_MS ? this.keys : undefined;
  }

  private async firstKeys(): Promise<LocalJWKSet> {
    await this.readAgain(0);
    const keys = this.goodKeys();
    if (keys === undefined) throw this.unavailable();
    return keys;
  }

  /** One reading at a time, which all wait for who wait; none if the last was less than `afterMs` ago. Never rejects. */
  private async readAgain(afterMs: number): Promise<void> {
    const waitMs = this.failures > 0 ? this.retryMs() : afterMs;
    if (this.reading === undefined && this.options.monotonic() - this.triedAt < waitMs) return;
    this.reading ??= this.read().finally(() => {
      this.reading = undefined;
    });
    await this.reading;
  }

  private retryMs(): number {
    if (this.options.monotonic() - this.readAt > USABLE_MS) return FIRST_RETRY_MS;
    return Math.min(FIRST_RETRY_MS * 2 ** Math.min(this.failures - 1, 10), LONGEST_RETRY_MS);
  }

  private async read(): Promise<void> {
    const { issuer, monotonic, log } = this.options;
    try {
      this.take(await this.boundedReading());
      this.readAt = monotonic();
      this.failures = 0;
    } catch (error) {
      if (this.failures === 0) log.warn({ issuer, err: error }, 'the keys of an issuer cannot be read');
      this.failures += 1;
    }
    this.triedAt = monotonic();
  }

  /** By a timer of ours: a reading that never ends would otherwise keep every later one from beginning. */
  private boundedReading(): Promise<JSONWebKeySet> {
    const { read, scheduler } = this.options;
    return new Promise((resolve, reject) => {
      const late = () => reject(new Error(`they were not read within ${READING_MS / 1_000} s`));
      const cancel = scheduler.after(READING_MS, late);
      read().then(resolve, reject).finally(cancel);
    });
  }

  private take(set: JSONWebKeySet): void {
    const text = JSON.stringify(set);
    if (text === this.text) return;
    const isFirst = this.keys === undefined;
    this.keys = createLocalJWKSet(set);
    this.text = text;
    if (!isFirst) this.options.changed();
  }

  private unavailable(): AccessError {
    return new AccessError(
      'ISSUER_UNAVAILABLE',
      `the keys of ${this.options.issuer} cannot be read now, so its tokens cannot be checked; ask again`,
    );
  }
}

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
function isGuardedUrl(text: string): boolean {
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
