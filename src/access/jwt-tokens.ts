import { decodeJwt, errors, type JWTPayload, jwtVerify } from 'jose';
import type { TimeSources } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import type { Scheduler } from '../platform/scheduler.js';
import { AccessError, unauthenticated } from './access-error.js';
import type { JwtSettings } from './access-settings.js';
import { jwtEntry } from './credential-entries.js';
import type { Holders } from './holders.js';
import { IssuerKeys, keySource } from './issuer-keys.js';
import type { Principal } from './principal.js';

/** Signatures that only the issuer can make: with a shared secret whoever checks a token could make one. */
const ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];
const CLOCK_TOLERANCE_S = 5;
/** A token that was checked is believed this long at most, so that withdrawn keys and mistaken clocks have an end. */
const BELIEVED_MS = 5 * 60_000;
const MOST_BELIEVED = 10_000;

interface Issuer {
  readonly settings: JwtSettings;
  readonly keys: IssuerKeys;
}

interface Believed {
  readonly principal: Principal;
  readonly until: number;
}

/** JSON Web Tokens of the configured issuers. */
export class JwtTokens {
  private issuers: ReadonlyMap<string, Issuer> = new Map();
  /** By the digest of the token. Checking a signature costs more than the rest of a call. */
  private readonly believed = new Map<string, Believed>();
  /** Rises with every change of an issuer's keys, and of the configured issuers. */
  private generation = 0;

  constructor(
    settings: readonly JwtSettings[],
    private readonly holders: Holders,
    private readonly time: TimeSources,
    private readonly scheduler: Scheduler,
    private readonly log: Log,
  ) {
    this.replace(settings);
  }

  /** The keys of an issuer that are there stay in use, unless they come from elsewhere now. */
  replace(settings: readonly JwtSettings[]): void {
    const before = this.issuers;
    this.issuers = new Map(
      settings.map((issuer) => {
        const known = before.get(issuer.issuer);
        const keys = known && areFromOnePlace(known.settings, issuer) ? known.keys : this.keysOf(issuer);
        return [issuer.issuer, { settings: issuer, keys }];
      }),
    );
    this.forget();
  }

  private forget(): void {
    this.generation += 1;
    this.believed.clear();
  }

  private keysOf(settings: JwtSettings): IssuerKeys {
    const { scheduler, log } = this;
    return new IssuerKeys({
      ...{ issuer: settings.issuer, read: keySource(settings, scheduler), scheduler, log },
      monotonic: () => this.time.monotonic(),
      changed: () => this.forget(),
    });
  }

  /** Who a token that was checked lately belongs to. */
  believedPrincipal(digest: string): Principal | undefined {
    const found = this.believed.get(digest);
    if (found === undefined) return undefined;
    if (found.until > this.time.wall()) return found.principal;
    this.believed.delete(digest);
    return undefined;
  }

  async principalOf(token: string, digest: string): Promise<Principal> {
    const { settings, keys } = this.issuerOf(token);
    const { generation, issuers } = this;
    const payload = await this.checked(token, settings, keys);
    // Whom other settings let in, these may not.
    if (issuers !== this.issuers) return this.principalOf(token, digest);
    const principal = principalIn(settings, payload, this.holders);
    // By keys that were withdrawn while it was checked, nobody is believed next time.
    if (generation === this.generation) this.believe(digest, principal, payload.exp ?? 0);
    return principal;
  }

  private believe(digest: string, principal: Principal, exp: number): void {
    const until = Math.min(exp * 1_000, this.time.wall() + BELIEVED_MS);
    this.believed.set(digest, { principal, until });
    if (this.believed.size <= MOST_BELIEVED) return;
    const [oldest] = this.believed.keys();
    if (oldest !== undefined) this.believed.delete(oldest);
  }

  private issuerOf(token: string): Issuer {
    let name: unknown;
    try {
      name = decodeJwt(token).iss;
    } catch {
      throw unauthenticated('the bearer token is neither known here nor a JSON Web Token');
    }
    const issuer = typeof name === 'string' ? this.issuers.get(name) : undefined;
    if (issuer === undefined) throw unauthenticated('the token is of an issuer that is not trusted here');
    return issuer;
  }

  private async checked(token: string, settings: JwtSettings, keys: IssuerKeys): Promise<JWTPayload> {
    try {
      const { payload } = await jwtVerify(token, keys.keyFor, {
        issuer: settings.issuer,
        audience: settings.audience,
        algorithms: ALGORITHMS,
        requiredClaims: ['exp'],
        clockTolerance: CLOCK_TOLERANCE_S,
        currentDate: new Date(this.time.wall()),
      });
      return payload;
    } catch (error) {
      if (error instanceof AccessError) throw error;
      if (!(error instanceof errors.JOSEError)) {
        this.log.warn({ issuer: settings.issuer, err: error }, 'checking a token failed in an odd way');
      }
      throw unauthenticated(wrongness(error));
    }
  }
}

function areFromOnePlace(some: JwtSettings, others: JwtSettings): boolean {
  return some.jwksFile === others.jwksFile && some.jwksUri === others.jwksUri;
}

function principalIn(settings: JwtSettings, payload: JWTPayload, holders: Holders): Principal {
  const { claim, principals } = settings;
  const told = payload[claim];
  const values: readonly unknown[] = Array.isArray(told) ? told : [told];
  const found = principals.find(({ value }) => values.includes(value));
  if (found === undefined) throw unauthenticated(`the token's claim ${claim} names nobody who is known here`);
  const subject: unknown = payload.sub;
  // Two people of one name would be one, and take up each other's sessions.
  if (typeof subject !== 'string' || subject === '') {
    throw unauthenticated("the token's claim sub must be a text that is not empty");
  }
  const entry = jwtEntry(found, settings, found.value);
  return holders.principal(entry, { until: (payload.exp ?? 0) * 1_000, subject });
}

/** What is wrong, without a word that the token did not say itself. */
function wrongness(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'the token has expired';
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'nbf') return 'the token is not valid yet';
    if (error.claim === 'aud') return 'the token is for another audience';
    return `the token's claim ${error.claim} is missing or wrong`;
  }
  if (error instanceof errors.JOSEAlgNotAllowed)
    return 'the token is signed by an algorithm that is not allowed here';
  if (error instanceof errors.JWKSMultipleMatchingKeys)
    return "the token does not say by which key (kid) it's signed";
  if (error instanceof errors.JWKSNoMatchingKey)
    return 'the token is signed by a key that its issuer does not have';
  if (error instanceof errors.JWSSignatureVerificationFailed) return "the token's signature is wrong";
  return 'the token is not a valid JSON Web Token';
}
