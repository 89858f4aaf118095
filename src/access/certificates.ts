import { unauthenticated } from './access-error.js';
import type { Principal } from './principal.js';
import type { CertificateSettings } from './settings.js';

/** A client's certificate that the TLS layer has verified against the configured authorities. */
export interface VerifiedCertificate {
  /** As Node writes it: `DNS:guardian.example.org, URI:spiffe://example.org/guardian`. */
  readonly subjectaltname?: string;
  /** As Node writes it: `Nov  1 09:00:00 2027 GMT`. */
  readonly valid_to?: string;
}

/** Who a certificate belongs to, by the names in its subjectAltName. Its subject counts for nothing. */
export class Certificates {
  private readonly byName: ReadonlyMap<string, Principal>;

  constructor(
    certificates: readonly CertificateSettings[],
    private readonly wall: () => number,
  ) {
    this.byName = new Map(
      certificates.map(({ san, name, roles }) => [nameKey(san), { name, via: 'certificate', roles }]),
    );
  }

  /** Verified when the connection was made, which may be long ago: whether it has expired since is looked at each time. */
  principalOf({ subjectaltname = '', valid_to: validTo }: VerifiedCertificate): Principal {
    if (validTo === undefined || Date.parse(validTo) <= this.wall()) {
      throw unauthenticated('the client certificate has expired');
    }
    for (const name of namesOf(subjectaltname)) {
      const principal = this.byName.get(name);
      if (principal !== undefined) return principal;
    }
    throw unauthenticated('the client certificate names nobody who is known here');
  }
}

/** A name of the configuration as `namesOf` writes it. Host names have no upper case; a URI's path has. */
function nameKey(san: string): string {
  return san.includes('://') ? `URI:${san}` : `DNS:${san.toLowerCase()}`;
}

/**
 * Node quotes a name that holds a comma, a quote or the like, so that none can pass for two. Such names are left out: no
 * configured name has one.
 */
function namesOf(text: string): string[] {
  const entries = text.matchAll(/(?:^|, )(DNS|URI):([^",]+)(?=, |$)|"(?:[^"\\]|\\.)*"/g);
  return [...entries].flatMap(([, kind, name]) => {
    if (kind === undefined || name === undefined) return [];
    return [kind === 'DNS' ? `DNS:${name.toLowerCase()}` : `URI:${name}`];
  });
}
