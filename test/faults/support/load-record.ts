import { status } from '@grpc/grpc-js';
import type { LoadedClients } from '../../support/loaded-client.js';
import { pause } from './pause.js';

/** A call that hangs is one that outlives its deadline of 7 s. */
const HANGS_MS = 9_000;

interface Held {
  readonly fence: number;
  readonly liveUntil: number;
}

interface Stats {
  readonly distribution_stats: {
    readonly monthly_distribution: {
      readonly total_tokens: number;
      readonly daily_usage_data: readonly { readonly tokens: number }[];
    };
    readonly by_ai: readonly { readonly ai_id: string; readonly tokens: number }[];
    readonly presumed_tokens: number;
  };
}

/** What callers saw: the answers by code, what was acknowledged, and everything that must never happen. */
export class LoadRecord {
  readonly calls = new Map<string, number>();
  longestMs = 0;
  private readonly faults: string[] = [];
  private readonly acknowledged = new Map<string, number>();
  private readonly byAi = new Map<string, number>();
  private readonly leases = new Map<string, string>();
  private readonly fences = new Map<number, string>();
  private readonly held = new Map<string, Held>();

  constructor(private readonly slots: number) {}

  get answered(): number {
    return this.calls.get('OK') ?? 0;
  }

  get wrongs(): readonly string[] {
    return this.faults;
  }

  wrong(what: string): void {
    if (this.faults.length < 20) this.faults.push(what);
  }

  noteCall(code: string, ms: number): void {
    this.calls.set(code, (this.calls.get(code) ?? 0) + 1);
    this.longestMs = Math.max(this.longestMs, ms);
    if (ms > HANGS_MS) this.wrong(`a call took ${Math.round(ms)} ms`);
  }

  /** `liveUntil` is certain: it counts from when the request was sent. */
  granted(ai: string, requestId: string, leaseId: string, fence: number, liveUntil: number): void {
    const other = this.leases.get(leaseId) ?? this.fences.get(fence);
    if (other !== undefined && other !== requestId)
      this.wrong(`${leaseId}, fence ${fence}: ${other} and ${requestId}`);
    this.leases.set(leaseId, requestId);
    this.fences.set(fence, requestId);
    this.held.set(leaseId, { fence, liveUntil });
    const now = performance.now();
    const live = [...this.held.values()].filter((held) => held.liveUntil > now);
    if (live.length <= this.slots) return;
    const each = live
      .map((held) => `fence ${held.fence} for ${Math.round(held.liveUntil - now)} ms`)
      .join(', ');
    this.wrong(`${live.length} live slots at the grant of ${requestId} to ${ai}: ${each}`);
  }

  releasing(leaseId: string): void {
    this.held.delete(leaseId);
  }

  booked(ai: string, usageId: string, expected: number, told: number, tokens = expected): void {
    if (told !== expected) this.wrong(`${usageId}: ${told} tokens instead of ${expected}`);
    if (this.acknowledged.has(usageId)) this.wrong(`${usageId} was reported twice`);
    this.acknowledged.set(usageId, tokens);
    this.byAi.set(ai, (this.byAi.get(ai) ?? 0) + tokens);
  }

  /** Sums of days = month = AIs = acknowledged, and every slot came back. */
  async audit(clients: LoadedClients, budgetId: string, slotsWithinMs: number): Promise<void> {
    await this.slotsAreFree(clients, budgetId, slotsWithinMs);
    const { distribution_stats } = await clients.call<Stats>('GetDistribution', { budget_id: budgetId });
    const { monthly_distribution, by_ai, presumed_tokens } = distribution_stats;
    const sum = (amounts: Iterable<number>) => [...amounts].reduce((total, amount) => total + amount, 0);
    const totals = {
      acknowledged: sum(this.acknowledged.values()),
      month: monthly_distribution.total_tokens,
      days: sum(monthly_distribution.daily_usage_data.map(({ tokens }) => tokens)),
      ais: sum(by_ai.map(({ tokens }) => tokens)),
    };
    if (new Set(Object.values(totals)).size !== 1) this.wrong(`the books differ: ${JSON.stringify(totals)}`);
    for (const { ai_id, tokens } of by_ai) {
      if (tokens !== this.byAi.get(ai_id))
        this.wrong(`${ai_id}: ${tokens} instead of ${this.byAi.get(ai_id)}`);
    }
    if (presumed_tokens !== 0) this.wrong(`${presumed_tokens} tokens are presumed`);
  }

  private async slotsAreFree(clients: LoadedClients, budgetId: string, withinMs: number): Promise<void> {
    const end = performance.now() + withinMs;
    for (;;) {
      const { leases } = await clients.admin<{ leases: unknown[] }>('ListLeases', { budget_id: budgetId });
      if (leases.length === 0) return;
      if (performance.now() > end) return this.wrong(`${leases.length} slots did not come back`);
      await pause(100);
    }
  }

  toString(): string {
    const calls = [...this.calls].map(([code, count]) => `${code} ${count}`).join(', ');
    return `${this.acknowledged.size} usages acknowledged; calls: ${calls}; longest ${Math.round(this.longestMs)} ms`;
  }
}

export function expectedFailure(code: status): boolean {
  return code === status.UNAVAILABLE || code === status.DEADLINE_EXCEEDED;
}
