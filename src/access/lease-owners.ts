/** More leases than are used at once; a lease that fell out is looked up again. */
const MOST = 20_000;

/** Which AI a lease belongs to. It never changes, so what was once learnt stays true. */
export class LeaseOwners {
  private readonly ais = new Map<string, string>();

  constructor(private readonly most = MOST) {}

  get(leaseId: string): string | undefined {
    return this.ais.get(leaseId);
  }

  learn(leaseId: string, aiId: string): void {
    this.ais.delete(leaseId);
    this.ais.set(leaseId, aiId);
    if (this.ais.size <= this.most) return;
    const [oldest] = this.ais.keys();
    if (oldest !== undefined) this.ais.delete(oldest);
  }
}
