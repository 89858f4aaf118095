import { type ServiceError, status } from '@grpc/grpc-js';
import { LoadedClients } from '../../support/loaded-client.js';
import { ROOMY_MESSAGE } from '../../support/policies.js';
import { randomFrom } from '../../support/seed.js';
import { expectedFailure, LoadRecord } from './load-record.js';
import { pause } from './pause.js';

export const MAX_CONCURRENT = 4;
export const LEASE_TTL_S = 4;
const AIS = 8;
const DEADLINE_MS = 7_000;
/** Longer than a call waits for its answer (5 s): a shorter fault may end before anybody had to be told. */
export const FAULT_MS = 7_000;
/** Once a fault is gone, everything must work again within this time. */
export const RECOVERY_MS = 30_000;

/** Nothing but slots is short, and what expires is refunded: so the month's total is what was reported, to the token. */
const POLICY = {
  ...ROOMY_MESSAGE,
  max_concurrent: MAX_CONCURRENT,
  lease_ttl: { seconds: LEASE_TTL_S },
  on_expiry: 'ON_EXPIRY_REFUND',
};

interface Lease {
  readonly lease_id: string;
  readonly fence: number;
  readonly expires_in: { readonly seconds: number; readonly nanos: number };
}
interface Acquired {
  readonly granted?: { readonly lease: Lease } | null;
}

/**
 * AIs that ask for slots, report usage and release, all at once and without a pause; what gets no answer is asked again with
 * the same ids until it has one. Everything that a caller could see and that must never happen is noted in the record.
 */
export class Load {
  readonly record = new LoadRecord(MAX_CONCURRENT);
  private readonly clients: LoadedClients;
  private readonly random: () => number;
  private workers: Promise<void>[] = [];
  private stopping = false;
  private giveUpAt = Number.POSITIVE_INFINITY;

  constructor(
    address: string,
    readonly budgetId: string,
    seed: number,
  ) {
    this.random = randomFrom(seed);
    // A client of the library waits up to 2 minutes before it connects again.
    const channel = { 'grpc.initial_reconnect_backoff_ms': 100, 'grpc.max_reconnect_backoff_ms': 500 };
    this.clients = new LoadedClients(address, channel);
  }

  async start(): Promise<this> {
    await this.clients.admin('UpdateBudget', {
      budget_id: this.budgetId,
      policy: POLICY,
      allow_missing: true,
    });
    this.workers = Array.from({ length: AIS }, (_, i) => this.work(`ai-${i}`));
    // Whoever settles or abandons looks at how they ended.
    for (const worker of this.workers) worker.catch(() => undefined);
    return this;
  }

  /** Resolves when so many more calls were answered well: the load runs, or runs again. */
  async answered(more: number): Promise<void> {
    const goal = this.record.answered + more;
    const end = performance.now() + RECOVERY_MS;
    while (this.record.answered < goal) {
      if (performance.now() > end)
        throw new Error(`not working again after ${RECOVERY_MS} ms: ${this.record}`);
      await pause(20);
    }
  }

  /** Every report gets its answer; then the books must balance and every slot be free. */
  async settle(): Promise<void> {
    this.stopping = true;
    this.giveUpAt = performance.now() + RECOVERY_MS;
    await Promise.all(this.workers);
    try {
      await this.record.audit(this.clients, this.budgetId, (LEASE_TTL_S + 6) * 1_000);
    } finally {
      this.clients.close();
    }
  }

  /** The service is gone for good: nobody asks any more, and nothing is audited. */
  async abandon(): Promise<void> {
    this.stopping = true;
    this.giveUpAt = 0;
    await Promise.allSettled(this.workers);
    this.clients.close();
  }

  private async work(ai: string): Promise<void> {
    for (let job = 0; !this.stopping; job += 1) {
      const requestId = `${ai}-${job}`;
      const lease = await this.acquire(ai, requestId);
      if (lease === undefined) continue;
      const reports = 1 + Math.floor(this.random() * 2);
      let used = 0;
      for (let report = 0; report < reports; report += 1) {
        used += await this.report(ai, lease.lease_id, `${requestId}-${report}`);
      }
      await this.release(ai, lease.lease_id, `${requestId}-last`, used);
    }
  }

  private async acquire(ai: string, requestId: string): Promise<Lease | undefined> {
    const request = { budget_id: this.budgetId, ai_id: ai, request_id: requestId, estimated_tokens: 500 };
    for (;;) {
      const sentAt = performance.now();
      const answer = await this.persist<Acquired>('AcquireSlot', { ...request, wait: { nanos: 2e8 } });
      if (answer === 'closed') return undefined;
      if (answer.granted) {
        const { lease } = answer.granted;
        const liveMs = lease.expires_in.seconds * 1_000 + lease.expires_in.nanos / 1e6;
        this.record.granted(ai, requestId, lease.lease_id, lease.fence, sentAt + liveMs);
        return lease;
      }
      if (this.stopping) return undefined;
    }
  }

  private async report(ai: string, lease_id: string, usage_id: string): Promise<number> {
    const total_tokens = 1 + Math.floor(this.random() * 100);
    const usage = { usage_id, tokens: { total_tokens } };
    const answer = await this.persist<{ charged_tokens: number }>('RecordUsage', { lease_id, usage });
    if (answer !== 'closed') this.record.booked(ai, usage_id, total_tokens, answer.charged_tokens);
    return total_tokens;
  }

  private async release(ai: string, lease_id: string, usage_id: string, before: number): Promise<void> {
    const total_tokens = 1 + Math.floor(this.random() * 100);
    this.record.releasing(lease_id);
    const usage = { usage_id, tokens: { total_tokens } };
    const answer = await this.persist<{ used_tokens: number }>('Release', { lease_id, usage });
    if (answer !== 'closed')
      this.record.booked(ai, usage_id, before + total_tokens, answer.used_tokens, total_tokens);
  }

  /** Asks until there is an answer: `closed` if a request id's lease is over already. */
  private async persist<Answer>(method: string, request: object): Promise<Answer | 'closed'> {
    for (;;) {
      const sentAt = performance.now();
      try {
        const answer = await this.clients.call<Answer>(method, request, {
          deadline: Date.now() + DEADLINE_MS,
        });
        this.record.noteCall('OK', performance.now() - sentAt);
        return answer;
      } catch (error) {
        const { code, details } = error as ServiceError;
        this.record.noteCall(status[code] ?? String(error), performance.now() - sentAt);
        if (method === 'AcquireSlot' && code === status.FAILED_PRECONDITION) return 'closed';
        if (!expectedFailure(code)) this.record.wrong(`${method}: ${status[code]} ${details}`);
        if (performance.now() > this.giveUpAt)
          throw new Error(`${method} has no answer after recovery: ${details}`);
        await pause(50 + this.random() * 100);
      }
    }
  }
}
