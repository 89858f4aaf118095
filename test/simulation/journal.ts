import type { LeaseView } from '../../src/domain/model/types.js';

/** What callers were told. No later answer may contradict it, and at the end the books must agree with it. */
export class Journal {
  /** Charge by `AI usage_id`. */
  readonly usages = new Map<string, number>();
  readonly adjustments = new Map<string, number>();
  /** Whose presumed tokens may have been corrected: `day AI`, or `day ` where no AI was named. */
  readonly corrected = new Set<string>();
  /** Leases that callers got, by id; those of an epoch that is over are forgotten with it. */
  readonly granted = new Map<string, { readonly fence: number; readonly aiId: string }>();
  private readonly leaseOfFence = new Map<number, string>();
  private readonly closed = new Set<string>();
  private readonly used = new Map<string, number>();
  private readonly until = new Map<string, number>();
  private readonly answers = new Map<string, string>();
  /** The highest fence that was known when something was first asked for, by its id. */
  private readonly asked = new Map<string, number>();
  private highestFence = 0;

  constructor(private readonly violated: (what: string) => void) {}

  /** Before a call: what its answer must not fall behind. */
  now(leaseId = ''): Known {
    const { highestFence } = this;
    const [used, until] = [this.used.get(leaseId) ?? 0, this.until.get(leaseId) ?? 0];
    return { highestFence, closed: this.closed.has(leaseId), used, until };
  }

  /** As `now`, for leases that only the answer names. */
  nowOfAll(): (leaseId: string) => Known {
    const { highestFence } = this;
    const [closed, used] = [new Set(this.closed), new Map(this.used)];
    return (leaseId) => ({
      ...{ highestFence, until: 0 },
      ...{ closed: closed.has(leaseId), used: used.get(leaseId) ?? 0 },
    });
  }

  /** Whether nobody asked for this before. */
  isFirst(id: string): boolean {
    if (id === '' || this.asked.has(id)) return false;
    this.asked.set(id, this.highestFence);
    return true;
  }

  /** The same question must have the same answer. */
  same(what: string, answer: string): void {
    const before = this.answers.get(what);
    if (before !== undefined && before !== answer)
      this.violated(`${what} was answered ${before}, then ${answer}`);
    this.answers.set(what, answer);
  }

  /** `id`: of the request that was granted. A hasty client's other call may have got it long before this answer. */
  grant(id: string, lease: LeaseView, known: Known): void {
    const { leaseId, fence, aiId } = lease;
    const highest = Math.min(known.highestFence, this.asked.get(id) ?? known.highestFence);
    const other = this.leaseOfFence.get(fence);
    if (other !== undefined && other !== leaseId)
      this.violated(`fence ${fence} was given to ${other} and ${leaseId}`);
    // A grant that an earlier answer told of is older than the question.
    if (other === undefined && fence <= highest) {
      this.violated(`fence ${fence} is not above ${highest}, which was answered before it was asked for`);
    }
    this.granted.set(leaseId, { fence, aiId });
    this.lease(lease, { ...known, closed: false, used: 0, until: 0 });
    this.leaseOfFence.set(fence, leaseId);
    this.highestFence = Math.max(this.highestFence, fence);
  }

  lease(lease: LeaseView, known: Known): void {
    const { leaseId, status, usedTokens, closedAt = 0 } = lease;
    if (status === 'EXPIRED' && closedAt < known.until) {
      this.violated(`lease ${leaseId} was to live until ${known.until} and expired at ${closedAt}`);
    }
    // In a session it lives as long as its stream, which the commits are held to.
    if (status === 'LIVE' && lease.sessionId === undefined)
      this.until.set(leaseId, Math.max(lease.expiresAt, this.until.get(leaseId) ?? 0));
    if (known.closed && status === 'LIVE') this.violated(`lease ${leaseId} is live again after its end`);
    if (usedTokens < known.used) {
      this.violated(`lease ${leaseId} used ${usedTokens}, and ${known.used} was answered before`);
    }
    if (status !== 'LIVE') this.end(leaseId);
    this.used.set(leaseId, Math.max(usedTokens, this.used.get(leaseId) ?? 0));
  }

  /** What was said of its leases' ends holds no longer: they came into a session, whose stream has ended. */
  mayEndEarly(aiId: string): void {
    for (const [leaseId, lease] of this.granted) if (lease.aiId === aiId) this.until.set(leaseId, 0);
  }

  end(leaseId: string): void {
    this.closed.add(leaseId);
  }

  /** The budget begins anew: what was granted before is no longer known. */
  recreated(): void {
    this.granted.clear();
  }
}

export interface Known {
  readonly highestFence: number;
  readonly closed: boolean;
  readonly used: number;
  /** It was said to live so long if nobody ends it. */
  readonly until: number;
}
