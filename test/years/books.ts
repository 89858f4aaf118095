/**
 * What was spent, written down from the answers alone, by rules as a person would say them. It shares no code with the service:
 * neither its calendar nor its accounts.
 */
export class Books {
  /** Tokens by day, and of each day by AI. */
  readonly days = new Map<string, Map<string, number>>();
  /** Calls by day. */
  readonly calls = new Map<string, number>();
  private leases = new Map<string, OpenLease>();
  private readonly format: Intl.DateTimeFormat;

  constructor(readonly zone: string) {
    const parts = { year: 'numeric', month: '2-digit', day: '2-digit' } as const;
    this.format = new Intl.DateTimeFormat('en-CA', { timeZone: zone, ...parts });
  }

  dayOf(at: number): string {
    return this.format.format(at);
  }

  private add(day: string, aiId: string, tokens: number): void {
    if (tokens === 0) return;
    const ais = this.days.get(day) ?? new Map<string, number>();
    ais.set(aiId, (ais.get(aiId) ?? 0) + tokens);
    this.days.set(day, ais);
  }

  granted(leaseId: string, aiId: string, reserved: number, at: number, expiresAt: number): void {
    this.leases.set(leaseId, { aiId, reserved, used: 0, day: this.dayOf(at), expiresAt });
  }

  renewed(leaseId: string, reserved: number, expiresAt: number): void {
    const lease = this.leases.get(leaseId);
    if (lease !== undefined) this.leases.set(leaseId, { ...lease, reserved, expiresAt });
  }

  /** Within the reservation it counts on the day of the grant, above it on that of the report. */
  reported(leaseId: string, tokens: number, at: number): void {
    const lease = this.leases.get(leaseId);
    if (lease === undefined) throw new Error(`the books know no lease ${leaseId}`);
    const within = Math.max(0, Math.min(tokens, lease.reserved - lease.used));
    // Presumed when it ran out, that much stands there already.
    if (!lease.over) this.add(lease.day, lease.aiId, within);
    this.add(this.dayOf(at), lease.aiId, tokens - within);
    this.call(within > 0 ? lease.day : this.dayOf(at));
    this.leases.set(leaseId, { ...lease, used: lease.used + tokens });
  }

  unleased(aiId: string, tokens: number, at: number): void {
    this.add(this.dayOf(at), aiId, tokens);
    this.call(this.dayOf(at));
  }

  /** Each report is one, on the day of its first token; all of these reports have some. */
  private call(day: string): void {
    this.calls.set(day, (this.calls.get(day) ?? 0) + 1);
  }

  released(leaseId: string): void {
    this.leases.delete(leaseId);
  }

  /** Leases that ran out by now: what they had reserved is presumed to be spent. */
  until(now: number): void {
    for (const [leaseId, lease] of this.leases) {
      if (lease.over || lease.expiresAt > now) continue;
      this.add(lease.day, lease.aiId, Math.max(0, lease.reserved - lease.used));
      this.leases.set(leaseId, { ...lease, over: true });
    }
  }

  /** A lease that was granted in a future that never was lasts no longer than one that is granted now. */
  clockSetRight(now: number, ttlMs: number): void {
    for (const [leaseId, lease] of this.leases) {
      if (!lease.over)
        this.leases.set(leaseId, { ...lease, expiresAt: Math.min(lease.expiresAt, now + ttlMs) });
    }
  }

  /** Nobody reports on it any more. */
  forget(leaseId: string): void {
    if (this.leases.get(leaseId)?.over) this.leases.delete(leaseId);
  }

  /** An operator ends all that is live. */
  revokeAll(): void {
    this.until(Number.POSITIVE_INFINITY);
    this.leases.clear();
  }

  get reserved(): number {
    let sum = 0;
    for (const lease of this.leases.values())
      if (!lease.over) sum += Math.max(0, lease.reserved - lease.used);
    return sum;
  }

  totalOf(day: string): number {
    return [...(this.days.get(day)?.values() ?? [])].reduce((sum, tokens) => sum + tokens, 0);
  }

  /** Days of a month, `YYYY-MM`, with what was spent on them. */
  month(key: string): Map<string, number> {
    const used = [...this.days.keys()].filter((day) => day.startsWith(key)).sort();
    return new Map(used.map((day) => [day, this.totalOf(day)]));
  }

  /** Calls of a month by day. */
  callsOf(key: string): Map<string, number> {
    return new Map([...this.calls].filter(([day]) => day.startsWith(key)));
  }

  aisOf(key: string): Map<string, number> {
    const sums = new Map<string, number>();
    for (const [day, ais] of this.days) {
      if (!day.startsWith(key)) continue;
      for (const [aiId, tokens] of ais) sums.set(aiId, (sums.get(aiId) ?? 0) + tokens);
    }
    return sums;
  }

  monthTotal(key: string): number {
    return [...this.month(key).values()].reduce((sum, tokens) => sum + tokens, 0);
  }
}

interface OpenLease {
  readonly aiId: string;
  readonly reserved: number;
  readonly used: number;
  /** Of the grant. */
  readonly day: string;
  readonly expiresAt: number;
  readonly over?: boolean;
}
