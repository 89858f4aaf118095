import { status } from '@grpc/grpc-js';
import type {
  AcquireSlotRequest,
  GetLeaseRequest,
  GetLeaseResponse,
  RecordUsageRequest,
  RecordUsageResponse,
  ReleaseRequest,
  ReleaseResponse,
} from '../gen/budgetarbiter/v1/budget_service.js';
import type { Address } from './addresses.js';
import { CallFailure } from './call-failure.js';
import { KeptLease } from './kept-lease.js';
import type { Replicas } from './replicas.js';
import { Session, type SessionHost } from './session.js';
import type { Acquired, LeaseOf, Transport } from './transport.js';
import { UnaryTransport } from './unary-transport.js';

/** Where a session was refused, it is tried again after so long: the service may have been upgraded. */
const REFUSED_MS = 60_000;

/** A session to each replica that this process's budgets are on; unary calls where a session is refused, or broken. */
export class SessionTransport implements Transport, SessionHost {
  private readonly unary: UnaryTransport;
  private readonly sessions = new Set<Session>();
  /** By the name of the address. */
  private readonly refusedUntil = new Map<string, number>();

  constructor(
    private readonly replicas: Replicas,
    private readonly timeoutMs: number,
  ) {
    this.unary = new UnaryTransport(replicas, timeoutMs);
  }

  async acquire(request: AcquireSlotRequest, waitMs: number, signal?: AbortSignal): Promise<Acquired> {
    const { address } = await this.replicas.for(request.budgetId);
    if ((this.refusedUntil.get(address.name) ?? 0) > performance.now()) {
      return this.unary.acquire(request, waitMs, signal);
    }
    const session = this.sessionAt(address, request.budgetId);
    try {
      const acquired = await this.acquireIn(session, request, waitMs);
      this.replicas.addresses.markUp(address);
      return acquired;
    } catch (error) {
      // Also of one that answers, but cannot reach its store: another may.
      if (error instanceof CallFailure && error.isAway) this.onAway(address);
      if (!(error instanceof CallFailure) || session.isOpen || !isRefusal(error)) throw error;
      this.refusedUntil.set(address.name, performance.now() + REFUSED_MS);
      session.close();
      return this.unary.acquire(request, waitMs, signal);
    }
  }

  private async acquireIn(session: Session, request: AcquireSlotRequest, waitMs: number): Promise<Acquired> {
    const asked = session.call('acquired', request.budgetId, { $case: 'acquire', value: request });
    const answer = await inTime(asked, this.timeoutMs + waitMs);
    const lease = answer.outcome?.$case === 'granted' ? answer.outcome.value.lease : undefined;
    if (lease === undefined) return { answer };
    const kept = new KeptLease(lease);
    session.keep(kept);
    return { answer, kept };
  }

  record(value: RecordUsageRequest, of: LeaseOf): Promise<RecordUsageResponse> {
    const session = this.sessionOf(of);
    if (session === undefined) return this.unary.record(value, of);
    return inTime(session.call('recorded', of.budgetId, { $case: 'record', value }), this.timeoutMs);
  }

  release(value: ReleaseRequest, of: LeaseOf): Promise<ReleaseResponse> {
    const session = this.sessionOf(of);
    if (session === undefined) return this.unary.release(value, of);
    return inTime(session.call('released', of.budgetId, { $case: 'release', value }), this.timeoutMs);
  }

  getLease(request: GetLeaseRequest, budgetId: string): Promise<GetLeaseResponse> {
    return this.unary.getLease(request, budgetId);
  }

  close(): void {
    for (const session of [...this.sessions]) session.close();
    this.replicas.close();
  }

  replicaFor(budgetId: string) {
    return this.replicas.for(budgetId);
  }

  onAway(address: Address): void {
    this.replicas.addresses.markDown(address);
  }

  onOpened(address: Address): void {
    this.replicas.addresses.markUp(address);
  }

  onClosed(session: Session): void {
    this.sessions.delete(session);
  }

  private sessionAt(address: Address, budgetId: string): Session {
    for (const session of this.sessions) {
      if (session.address.name === address.name && session.hasRoomFor(budgetId)) return session;
    }
    const made = new Session(address, this);
    this.sessions.add(made);
    return made;
  }

  /** That has the lease and an open stream: whatever else there is, a call of its own does as well. */
  private sessionOf({ leaseId }: LeaseOf): Session | undefined {
    for (const session of this.sessions) if (session.isOpen && session.keeps(leaseId)) return session;
    return undefined;
  }
}

/** It knows no sessions, or none without an AI, or has no room for one. */
function isRefusal({ code }: CallFailure): boolean {
  return [status.UNIMPLEMENTED, status.INVALID_ARGUMENT, status.RESOURCE_EXHAUSTED].includes(code);
}

function inTime<T>(asked: Promise<T>, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = (): void =>
      reject(new CallFailure(status.DEADLINE_EXCEEDED, 'the service did not answer in time'));
    const timer = setTimeout(late, timeoutMs);
    asked.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
