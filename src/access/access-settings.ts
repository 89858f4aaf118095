/** Who may call, as CONFIG_FILE says it: `config/access-file.ts` reads it, `access.ts` acts on it. */

/** `ai` acts as the AIs it was given, `viewer` reads, `operator` may do everything. */
export type Role = 'ai' | 'viewer' | 'operator';

/** One role on the budgets whose id fits a pattern, in which `*` stands for any characters. */
export interface RoleGrant {
  readonly role: Role;
  readonly budgets: string;
  /** The AI ids of the role `ai`; empty for the other roles. */
  readonly ais: readonly string[];
}

export interface TokenSettings {
  readonly name: string;
  /** The SHA-256 of the token, in lower-case hex. The token itself is stored nowhere. */
  readonly sha256: string;
  readonly roles: readonly RoleGrant[];
}

export interface CertificateSettings {
  readonly name: string;
  /** A URI such as `spiffe://example.org/guardian`, or a DNS name, in the certificate's subjectAltName. */
  readonly san: string;
  readonly roles: readonly RoleGrant[];
}

export interface JwtPrincipalSettings {
  readonly name: string;
  /** What the claim must be, or contain if it is a list. */
  readonly value: string;
  readonly roles: readonly RoleGrant[];
}

export interface JwtSettings {
  readonly issuer: string;
  readonly audience: string;
  /** Where the issuer's keys are. Neither: its OpenID discovery document says so. */
  readonly jwksFile?: string;
  readonly jwksUri?: string;
  /** The claim that the principals below are told apart by. */
  readonly claim: string;
  readonly principals: readonly JwtPrincipalSettings[];
}

export interface AccessSettings {
  /** Those of `tokensFile` included. */
  readonly tokens: readonly TokenSettings[];
  /** A file of its own that tokens stand in. */
  readonly tokensFile?: string;
  readonly certificates: readonly CertificateSettings[];
  /** The authorities that clients' certificates must come from. */
  readonly clientCaFile?: string;
  readonly jwt: readonly JwtSettings[];
}
