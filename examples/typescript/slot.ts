import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { acquire, type SlotRequest, toMs } from './acquire.js';
import { call, callWithRetries, hasCode } from './call.js';
import { type Lease, Usage } from './gen/budgetarbiter/v1/budget.js';
import {
  type BudgetServiceClient,
  RecordUsageRequest,
  ReleaseRequest,
  RenewSlotRequest,
} from './gen/budgetarbiter/v1/budget_service.js';

/** How long a report or a release is repeated while the service is away. */
const REPORT_PATIENCE_MS = 60_000;

export type Spent = Parameters<typeof Usage.fromPartial>[0];

/** What a piece of work got, and what it cost. */
export interface Settled<Result> {
  result: Result;
  lease: Lease;
  usedTokens: number;
  /** The rules that had refused before the slot was granted. */
  deniedRules: string[];
}

/** Runs `work` while holding a slot: acquires it, keeps it alive, and gives it back whatever happens. */
export async function withSlot<Result>(
  client: BudgetServiceClient,
  request: SlotRequest,
  work: (slot: Slot) => Promise<Result>,
): Promise<Settled<Result>> {
  const { lease, deniedRules } = await acquire(client, request);
  const slot = new Slot(client, lease);
  try {
    const result = await work(slot);
    return { result, lease, usedTokens: await slot.release(), deniedRules };
  } finally {
    await slot.release();
  }
}

/** A slot that is held. */
export class Slot {
  /** A last report: booked together with the release, which saves a call. */
  finalUsage: Spent | undefined;
  readonly #lost = new AbortController();
  readonly #stopped = new AbortController();
  #released: Promise<number> | undefined;

  constructor(
    private readonly client: BudgetServiceClient,
    readonly lease: Lease,
  ) {
    void this.#keepAlive();
  }

  /** Aborted when the lease is lost. Stop then: the slot may be another's already. Pass it on to `fetch`. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Books what one call spent, at once. Returns the tokens charged. */
  async record(spent: Spent): Promise<number> {
    const request = RecordUsageRequest.fromPartial({
      subject: { $case: 'leaseId', value: this.lease.leaseId },
      usage: withId(spent),
    });
    const answer = await callWithRetries(this.client.recordUsage.bind(this.client), request, reportLimits());
    return answer.chargedTokens;
  }

  /** Gives the slot back, once. Returns the tokens charged to the lease in all. */
  release(): Promise<number> {
    this.#stopped.abort();
    this.#released ??= this.#release();
    return this.#released;
  }

  async #release(): Promise<number> {
    const usage = this.finalUsage && withId(this.finalUsage);
    const request = ReleaseRequest.fromPartial({ leaseId: this.lease.leaseId, usage });
    try {
      const answer = await callWithRetries(this.client.release.bind(this.client), request, reportLimits());
      return answer.usedTokens;
    } catch (error) {
      // Ended long ago, and nothing to report: there is nothing left to give back.
      if (usage || !hasCode(error, status.FAILED_PRECONDITION, status.NOT_FOUND)) throw error;
      return this.lease.usedTokens;
    }
  }

  /** Renews at a third of the time left: at a third of the TTL, and ever sooner while the service is away. */
  async #keepAlive(): Promise<void> {
    const request = RenewSlotRequest.fromPartial({ leaseId: this.lease.leaseId });
    // Counted from the answer on the monotonic clock, since this machine's wall clock may differ from the service's.
    let endsAtMs = performance.now() + toMs(this.lease.expiresIn);
    for (;;) {
      const leftMs = endsAtMs - performance.now();
      if (leftMs <= 0) return this.#lost.abort(new Error('the lease ran out before it could be renewed'));
      await sleep(Math.min(leftMs, Math.max(leftMs / 3, 100)), undefined, {
        signal: this.#stopped.signal,
      }).catch(() => {});
      if (this.#stopped.signal.aborted) return;
      const sentAtMs = performance.now();
      try {
        const { lease } = await call(
          this.client.renewSlot.bind(this.client),
          request,
          Math.max(leftMs / 3, 100),
        );
        endsAtMs = sentAtMs + toMs(lease?.expiresIn);
      } catch (error) {
        if (this.#stopped.signal.aborted) return;
        if (hasCode(error, status.FAILED_PRECONDITION, status.NOT_FOUND)) return this.#lost.abort(error);
      }
    }
  }
}

/** The id is made once per report, not per try: so a retry is booked once. */
export function withId(spent: Spent): Usage {
  return Usage.fromPartial({ usageId: randomUUID(), ...spent });
}

function reportLimits() {
  return { timeoutMs: 5_000, giveUpAtMs: performance.now() + REPORT_PATIENCE_MS };
}
