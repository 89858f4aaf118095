import type { Address, Addresses } from './addresses.js';
import { unavailable } from './call-failure.js';
import { type Access, Replica } from './replica.js';

/** One connection to each replica that is in use. */
export class Replicas {
  private readonly known = new Map<string, Replica>();
  private closed = false;

  constructor(
    readonly addresses: Addresses,
    private readonly access: Access,
  ) {}

  async for(budgetId: string): Promise<Replica> {
    return this.at(await this.addresses.pick(budgetId));
  }

  at(address: Address): Replica {
    if (this.closed) throw unavailable('the client was closed');
    const found = this.known.get(address.name);
    if (found !== undefined) return found;
    const made = new Replica(address, this.access);
    this.known.set(address.name, made);
    return made;
  }

  close(): void {
    this.closed = true;
    for (const replica of this.known.values()) replica.close();
    this.known.clear();
  }
}
