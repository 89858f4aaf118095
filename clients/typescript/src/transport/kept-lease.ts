import { SlotLost } from '../errors.js';
import type { Lease } from '../gen/budgetarbiter/v1/budget.js';
import { secondsOf } from '../time.js';

/** A lease that is kept alive, by a session or by a heartbeat, until it is let go or lost. */
export class KeptLease {
  private readonly losing = new AbortController();
  private readonly end: NodeJS.Timeout;
  private letGoes: (() => void)[] = [];

  constructor(readonly lease: Lease) {
    const { renewableUntil, grantedAt } = lease;
    const most = (renewableUntil?.getTime() ?? 0) - (grantedAt?.getTime() ?? 0);
    const endLost = (): void => this.lose('the lease has reached its longest duration');
    this.end = setTimeout(endLost, Math.max(this.ttlMs, Math.min(most, 2 ** 31 - 1)));
    this.end.unref();
  }

  /** How long it lives without a renewal. */
  get ttlMs(): number {
    return this.lease.expiresIn === undefined ? 0 : secondsOf(this.lease.expiresIn) * 1_000;
  }

  get lost(): AbortSignal {
    return this.losing.signal;
  }

  onLetGo(listener: () => void): void {
    this.letGoes.push(listener);
  }

  lose(why: string): void {
    if (!this.losing.signal.aborted) this.losing.abort(new SlotLost(why));
    this.letGo();
  }

  /** It is about to be given back. */
  letGo(): void {
    clearTimeout(this.end);
    const listeners = this.letGoes;
    this.letGoes = [];
    for (const listener of listeners) listener();
  }
}
