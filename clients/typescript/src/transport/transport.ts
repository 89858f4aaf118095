import type {
  AcquireSlotRequest,
  AcquireSlotResponse,
  GetLeaseRequest,
  GetLeaseResponse,
  RecordUsageRequest,
  RecordUsageResponse,
  ReleaseRequest,
  ReleaseResponse,
} from '../gen/budgetarbiter/v1/budget_service.js';
import type { KeptLease } from './kept-lease.js';

/** A lease as those know it who settle it, perhaps in another process than that which had it. */
export interface LeaseOf {
  readonly budgetId: string;
  readonly leaseId: string;
}

/**
 * The way to the service. Every call may throw a `CallFailure`, and may be repeated with the same ids for one effect.
 */
export interface Transport {
  /** Asks once. A grant is kept alive until it is let go. */
  acquire(request: AcquireSlotRequest, waitMs: number, signal?: AbortSignal): Promise<Acquired>;
  record(request: RecordUsageRequest, of: LeaseOf): Promise<RecordUsageResponse>;
  release(request: ReleaseRequest, of: LeaseOf): Promise<ReleaseResponse>;
  getLease(request: GetLeaseRequest, budgetId: string): Promise<GetLeaseResponse>;
  close(): void;
}

export interface Acquired {
  readonly answer: AcquireSlotResponse;
  /** Of a grant. */
  readonly kept?: KeptLease;
}
