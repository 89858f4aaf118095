import type { RoleGrant } from './access-settings.js';
import type { CredentialChanges, CredentialEntry } from './credential-entries.js';
import type { Principal } from './principal.js';

/** Who an entry of the credentials lets in, while the process runs: its principals have the roles that it has now. */
class Holder {
  roles: readonly RoleGrant[];
  withdrawn = false;

  constructor(private readonly entry: CredentialEntry) {
    this.roles = entry.roles;
  }

  principal(more: Pick<Principal, 'subject' | 'until'>): Principal {
    const holder = this;
    const { name, via } = this.entry;
    return {
      ...{ name, via, ...more },
      get roles() {
        return holder.roles;
      },
      get withdrawn() {
        return holder.withdrawn;
      },
    };
  }
}

/** The holders of all entries. */
export class Holders {
  private readonly byKey = new Map<string, Holder>();

  /** A principal of an entry that stands in the configuration now. */
  principal(entry: CredentialEntry, more: Pick<Principal, 'subject' | 'until'> = {}): Principal {
    const known = this.byKey.get(entry.key) ?? new Holder(entry);
    this.byKey.set(entry.key, known);
    return known.principal(more);
  }

  /** Those of removed entries keep no role: whatever they still ask for is refused. */
  follow({ removed, changed }: CredentialChanges): void {
    for (const { key } of removed) {
      const holder = this.byKey.get(key);
      if (holder !== undefined) Object.assign(holder, { withdrawn: true, roles: [] });
      this.byKey.delete(key);
    }
    for (const { key, roles } of changed) {
      const holder = this.byKey.get(key);
      if (holder !== undefined) holder.roles = roles;
    }
  }
}
