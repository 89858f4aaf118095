import type {
  AcquireSlotRequest,
  GetLeaseRequest,
  GetLeaseResponse,
  RecordUsageRequest,
  RecordUsageResponse,
  ReleaseRequest,
  ReleaseResponse,
} from '../gen/budgetarbiter/v1/budget_service.js';
import { failureOf } from './call-failure.js';
import { startHeartbeat } from './heartbeat.js';
import { KeptLease } from './kept-lease.js';
import type { Replica } from './replica.js';
import type { Replicas } from './replicas.js';
import type { Acquired, LeaseOf, Transport } from './transport.js';

interface Options {
  readonly budgetId: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** Calls of their own, and a heartbeat for each lease: where no stream can live. */
export class UnaryTransport implements Transport {
  constructor(
    private readonly replicas: Replicas,
    private readonly timeoutMs: number,
  ) {}

  async acquire(request: AcquireSlotRequest, waitMs: number, signal?: AbortSignal): Promise<Acquired> {
    const { budgetId } = request;
    const options = { budgetId, timeoutMs: this.timeoutMs + waitMs, signal };
    const answer = await this.ask(options, (replica, timed) =>
      replica.call((c) => c.acquireSlot, request, timed),
    );
    const lease = answer.outcome?.$case === 'granted' ? answer.outcome.value.lease : undefined;
    if (lease === undefined) return { answer };
    const kept = new KeptLease(lease);
    const renewal = { leaseId: lease.leaseId };
    startHeartbeat(kept, (timeoutMs) =>
      this.ask({ budgetId, timeoutMs }, (replica, timed) => replica.call((c) => c.renewSlot, renewal, timed)),
    );
    return { answer, kept };
  }

  record(request: RecordUsageRequest, { budgetId }: LeaseOf): Promise<RecordUsageResponse> {
    return this.ask({ budgetId }, (replica, timed) => replica.call((c) => c.recordUsage, request, timed));
  }

  release(request: ReleaseRequest, { budgetId }: LeaseOf): Promise<ReleaseResponse> {
    return this.ask({ budgetId }, (replica, timed) => replica.call((c) => c.release, request, timed));
  }

  getLease(request: GetLeaseRequest, budgetId: string): Promise<GetLeaseResponse> {
    return this.ask({ budgetId }, (replica, timed) => replica.call((c) => c.getLease, request, timed));
  }

  close(): void {
    this.replicas.close();
  }

  private async ask<Response>(
    { timeoutMs = this.timeoutMs, ...options }: Options,
    call: (replica: Replica, options: Options & { timeoutMs: number }) => Promise<Response>,
  ): Promise<Response> {
    const replica = await this.replicas.for(options.budgetId);
    try {
      const answer = await call(replica, { ...options, timeoutMs });
      this.replicas.addresses.markUp(replica.address);
      return answer;
    } catch (error) {
      const failure = failureOf(error);
      if (failure.isAway) this.replicas.addresses.markDown(replica.address);
      throw failure;
    }
  }
}
