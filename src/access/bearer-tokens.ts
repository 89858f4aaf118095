import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { TokenSettings } from './access-settings.js';
import { tokenEntry } from './credential-entries.js';
import type { Holders } from './holders.js';
import type { Principal } from './principal.js';

/** Lets scanners of repositories recognize a token that somebody committed. */
const PREFIX = 'bat_';
const TOKEN_BYTES = 32;

export interface NewToken {
  readonly token: string;
  readonly sha256: string;
}

/** 256 random bits: nobody guesses one, so a fast hash without salt keeps it as well as a slow one would. */
export function newToken(): NewToken {
  const token = PREFIX + randomBytes(TOKEN_BYTES).toString('base64url');
  return { token, sha256: tokenDigest(token) };
}

export function tokenDigest(token: string): string {
  return hash('sha256', token, 'hex');
}

interface Known {
  readonly digest: Buffer;
  readonly principal: Principal;
}

/** The bearer tokens of the configuration, of which only digests are known. */
export class BearerTokens {
  private readonly byDigest: ReadonlyMap<string, Known>;

  constructor(tokens: readonly TokenSettings[], holders: Holders) {
    this.byDigest = new Map(
      tokens.map((token) => {
        const { sha256 } = token;
        const digest = Buffer.from(sha256, 'hex');
        return [sha256, { digest, principal: holders.principal(tokenEntry(token, sha256)) }];
      }),
    );
  }

  /**
   * Who a token with this digest belongs to. The table is keyed by digests, which a caller cannot steer towards a known one
   * byte by byte; what was found is compared once more in constant time.
   */
  principalOf(sha256: string): Principal | undefined {
    const known = this.byDigest.get(sha256);
    return known !== undefined && timingSafeEqual(Buffer.from(sha256, 'hex'), known.digest)
      ? known.principal
      : undefined;
  }
}
