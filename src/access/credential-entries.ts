import type { AccessSettings, JwtSettings, RoleGrant } from './access-settings.js';
import type { Principal } from './principal.js';

/**
 * One entry of the configured credentials: who shows what it asks for is its principal. It stays the same entry while what it
 * asks for and its name do; its roles may change.
 */
export interface CredentialEntry {
  readonly key: string;
  readonly via: Principal['via'];
  readonly name: string;
  readonly roles: readonly RoleGrant[];
}

export interface CredentialChanges {
  readonly added: readonly CredentialEntry[];
  readonly removed: readonly CredentialEntry[];
  /** As they are now, with other roles than before. */
  readonly changed: readonly CredentialEntry[];
}

type Named = Pick<CredentialEntry, 'name' | 'roles'>;

export function tokenEntry({ name, roles }: Named, sha256: string): CredentialEntry {
  return { key: keyOf('token', name, sha256), via: 'token', name, roles };
}

export function certificateEntry({ name, roles }: Named, san: string): CredentialEntry {
  return { key: keyOf('certificate', name, san), via: 'certificate', name, roles };
}

export function jwtEntry(
  { name, roles }: Named,
  { issuer, audience, claim }: JwtSettings,
  value: string,
): CredentialEntry {
  return { key: keyOf('jwt', name, issuer, audience, claim, value), via: 'jwt', name, roles };
}

function keyOf(...parts: readonly string[]): string {
  return JSON.stringify(parts);
}

export function entriesOf({ tokens, certificates, jwt }: AccessSettings): CredentialEntry[] {
  return [
    ...tokens.map((token) => tokenEntry(token, token.sha256)),
    ...certificates.map((certificate) => certificateEntry(certificate, certificate.san)),
    ...jwt.flatMap((issuer) =>
      issuer.principals.map((principal) => jwtEntry(principal, issuer, principal.value)),
    ),
  ];
}

export function credentialChanges(before: AccessSettings, after: AccessSettings): CredentialChanges {
  const [old, now] = [entriesOf(before), entriesOf(after)];
  const [oldByKey, nowByKey] = [byKey(old), byKey(now)];
  return {
    added: now.filter(({ key }) => !oldByKey.has(key)),
    removed: old.filter(({ key }) => !nowByKey.has(key)),
    changed: now.filter(({ key, roles }) => {
      const known = oldByKey.get(key);
      return known !== undefined && JSON.stringify(known.roles) !== JSON.stringify(roles);
    }),
  };
}

function byKey(entries: readonly CredentialEntry[]): ReadonlyMap<string, CredentialEntry> {
  return new Map(entries.map((entry) => [entry.key, entry]));
}

/** For the log: `guardian-service (token)`. */
export function entryText({ name, via }: CredentialEntry): string {
  return `${name} (${via})`;
}
