import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey, type LocalJWKSet } from 'jose';
import type { Log } from '../platform/log.js';
import { AccessError } from './access-error.js';

/** Keys are read again after this time, so that one that the issuer withdrew is not trusted for longer. */
const FRESH_MS = 10 * 60_000;
/** While the issuer does not answer, the keys that it had last stay in use this long. */
const USABLE_MS = 24 * 3_600_000;
/** An unknown key makes us ask again, but not more often than this: anybody can name keys that do not exist. */
const UNKNOWN_KEY_MS = 30_000;
const FAILED_MS = 2_000;

export interface IssuerKeysOptions {
  readonly issuer: string;
  readonly read: () => Promise<JSONWebKeySet>;
  /** Milliseconds from an arbitrary start. */
  readonly monotonic: () => number;
  readonly log: Log;
}

/** The public keys of one issuer: read when first needed, cached, and read again when it rotates them. */
export class IssuerKeys {
  private keys: LocalJWKSet | undefined;
  private readAt = Number.NEGATIVE_INFINITY;
  private triedAt = Number.NEGATIVE_INFINITY;
  private failed = false;
  private reading: Promise<void> | undefined;

  constructor(private readonly options: IssuerKeysOptions) {}

  readonly keyFor: JWTVerifyGetKey = async (header, token) => {
    const keys = await this.usableKeys();
    try {
      return await keys(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await this.readAgain(UNKNOWN_KEY_MS);
      if (this.keys !== undefined && this.keys !== keys) return this.keys(header, token);
      if (this.failed) throw this.unavailable();
      throw error;
    }
  };

  private async usableKeys(): Promise<LocalJWKSet> {
    const age = (): number => this.options.monotonic() - this.readAt;
    if (age() > FRESH_MS) await this.readAgain(FAILED_MS);
    if (this.keys === undefined || age() > USABLE_MS) throw this.unavailable();
    return this.keys;
  }

  /** One reading at a time, which all wait for; none if the last was less than `afterMs` ago. */
  private async readAgain(afterMs: number): Promise<void> {
    const waitMs = this.failed ? FAILED_MS : afterMs;
    if (this.reading === undefined && this.options.monotonic() - this.triedAt < waitMs) return;
    this.reading ??= this.read().finally(() => {
      this.reading = undefined;
    });
    await this.reading;
  }

  private async read(): Promise<void> {
    const { issuer, read, monotonic, log } = this.options;
    try {
      this.keys = createLocalJWKSet(await read());
      this.readAt = monotonic();
      this.failed = false;
    } catch (error) {
      if (!this.failed) log.warn({ issuer, err: error }, 'the keys of an issuer cannot be read');
      this.failed = true;
    }
    this.triedAt = monotonic();
  }

  private unavailable(): AccessError {
    return new AccessError(
      'ISSUER_UNAVAILABLE',
      `the keys of ${this.options.issuer} cannot be read now, so its tokens cannot be checked; ask again`,
    );
  }
}
