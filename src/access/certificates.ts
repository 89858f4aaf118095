import { unauthenticated } from './access-error.js';
import type { CertificateSettings } from './access-settings.js';
import { type CredentialEntry, certificateEntry } from './credential-entries.js';
import type { Holders } from './holders.js';
import type { Principal } from './principal.js';

/** A client's certificate that the TLS layer has verified against the configured authorities. */
export interface VerifiedCertificate {
  /** As Node writes it: `DNS:guardian.example.org, URI:spiffe://example.org/guardian`. */
  readonly subjectaltname?: string;
  /** As Node writes it: `Nov  1 09:00:00 2027 GMT`. */
  readonly valid_to?: string;
}

/** Renewed certificates have other ends; beyond so many, all are made anew. */
const MOST_KNOWN = 1_000;

/** Who a certificate belongs to, by the names in its subjectAltName. Its subject counts for nothing. */
export class Certificates {
  private readonly byName: ReadonlyMap<string, CredentialEntry>;
  /** By a name and an end: what is known of a principal hangs at the object. */
  private readonly known = new Map<string, Principal>();

  constructor(
    certificates: readonly CertificateSettings[],
    private readonly holders: Holders,
    private readonly wall: () => number,
  ) {
    this.byName = new Map(
      certificates.map((certificate) => [
        nameKey(certificate.san),
        certificateEntry(certificate, certificate.san),
      ]),
    );
  }

  /** Verified when the connection was made, which may be long ago: whether it has expired since is looked at each time. */
  principalOf({ subjectaltname = '', valid_to: validTo }: VerifiedCertificate): Principal {
    const until = validTo === undefined ? Number.NaN : Date.parse(validTo);
    if (!(until > this.wall())) {
      throw unauthenticated('the client certificate has expired');
    }
    for (const name of namesOf(subjectaltname)) {
      const entry = this.byName.get(name);
      if (entry !== undefined) return this.ending(entry, name, until);
    }
    throw unauthenticated('the client certificate names nobody who is known here');
  }

  /** What the certificate opens ends with it. */
  private ending(entry: CredentialEntry, name: string, until: number): Principal {
    const key = `${name} ${until}`;
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const own = this.holders.principal(entry, { until });
    if (this.known.size >= MOST_KNOWN) this.known.clear();
    this.known.set(key, own);
    return own;
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
