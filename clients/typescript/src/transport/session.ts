import { status } from '@grpc/grpc-js';
import { Backoff, pause } from '../time.js';
import type { Address } from './addresses.js';
import { CallFailure, failureOf, unavailable } from './call-failure.js';
import type { KeptLease } from './kept-lease.js';
import type { Replica } from './replica.js';
import { type AnswerOf, type Call, SessionStream } from './session-stream.js';

/** A session can be taken up in so many budgets. */
const MOST_BUDGETS = 17;
/** So that a process whose work is done can end. Opening again costs no round trip of its own. */
const IDLE_MS = 1_000;

function unsent(error: unknown): CallFailure {
  const failure = failureOf(error);
  failure.isUnsent = true;
  return failure;
}

/** What a session asks of who made it. */
export interface SessionHost {
  /** Where a budget's calls go now. */
  replicaFor(budgetId: string): Promise<Replica>;
  onAway(address: Address): void;
  onOpened(address: Address): void;
  /** It has nothing more to keep. */
  onClosed(session: Session): void;
}

/**
 * The session of this process on one replica, over however many streams. The service keeps its leases alive while the stream lives;
 * when it breaks, the session is taken up again, on whatever replica answers. A call that a break left open fails, and is asked
 * again by whoever made it, with the same ids.
 */
export class Session {
  private readonly budgets = new Set<string>();
  private readonly kept = new Map<string, KeptLease>();
  private id: string | undefined;
  private stream: SessionStream | undefined;
  private opening: Promise<SessionStream> | undefined;
  private openingFor = '';
  private takingUp = false;
  private underWay = 0;
  private idle: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(
    public address: Address,
    private readonly host: SessionHost,
  ) {}

  get isOpen(): boolean {
    return this.stream !== undefined;
  }

  hasRoomFor(budgetId: string): boolean {
    return !this.closed && (this.budgets.has(budgetId) || this.budgets.size < MOST_BUDGETS);
  }

  keeps(leaseId: string): boolean {
    return this.kept.has(leaseId);
  }

  async call<C extends 'acquired' | 'recorded' | 'released'>(
    $case: C,
    budgetId: string,
    call: Call,
  ): Promise<AnswerOf<C>> {
    this.underWay += 1;
    this.budgets.add(budgetId);
    this.stayOpen();
    try {
      const stream = await this.opened(budgetId).catch((error: unknown) => {
        throw unsent(error);
      });
      return await stream.call($case, call);
    } finally {
      this.underWay -= 1;
      this.closeIfIdle();
    }
  }

  /** From its grant on. */
  keep(lease: KeptLease): void {
    const { leaseId } = lease.lease;
    this.stayOpen();
    this.kept.set(leaseId, lease);
    lease.onLetGo(() => {
      this.kept.delete(leaseId);
      this.closeIfIdle();
    });
    // The stream that it was granted on may have ended since.
    if (!this.isOpen) void this.takeUp();
  }

  close(): void {
    this.closed = true;
    this.stayOpen();
    this.stream?.end();
    this.stream = undefined;
    this.host.onClosed(this);
  }

  private async opened(budgetId: string): Promise<SessionStream> {
    for (;;) {
      if (this.closed) throw unavailable('the session was closed');
      if (this.stream !== undefined) return this.stream;
      const mine = this.opening === undefined;
      this.openingFor = mine ? budgetId : this.openingFor;
      const asked = this.openingFor;
      this.opening ??= this.open(budgetId).finally(() => {
        this.opening = undefined;
      });
      try {
        return await this.opening;
      } catch (error) {
        // A budget that is not there, or not for us, is that budget's trouble alone.
        const isOthers = asked !== budgetId && error instanceof CallFailure && !error.isPassing;
        if (!isOthers) throw error;
      }
    }
  }

  private async open(budgetId: string): Promise<SessionStream> {
    const replica = await this.host.replicaFor(budgetId);
    this.address = replica.address;
    const others = new Set([...this.kept.values()].map(({ lease }) => lease.budgetId));
    others.delete(budgetId);
    const taken = this.id === undefined ? {} : { sessionId: this.id, otherBudgetIds: [...others] };
    const stream = new SessionStream(replica, { budgetId, aiId: '', ...taken }, (ended) => this.ended(ended));
    let opened: Awaited<SessionStream['opened']>;
    try {
      opened = await stream.opened;
    } catch (error) {
      if (error instanceof CallFailure && error.isAway) this.host.onAway(replica.address);
      stream.end();
      throw error;
    }
    this.host.onOpened(replica.address);
    this.id = opened.sessionId;
    this.stream = stream;
    const ids = new Set(opened.leases.map(({ leaseId }) => leaseId));
    for (const kept of [...this.kept.values()]) {
      if (!ids.has(kept.lease.leaseId)) kept.lose('the lease ended before its session came back');
    }
    return stream;
  }

  private ended(stream: SessionStream): void {
    if (stream !== this.stream) return;
    this.stream = undefined;
    // Nobody can take up what another stream of ours has.
    if (stream.failure?.code === status.ABORTED) this.id = undefined;
    if (this.closed) return;
    if (this.kept.size > 0) void this.takeUp();
    else this.closeIfIdle();
  }

  /** Its leases live on for a grace, or for their time where the replica died; then they are lost. */
  private async takeUp(): Promise<void> {
    if (this.takingUp) return;
    this.takingUp = true;
    const backoff = new Backoff(100, 1_000);
    const since = performance.now();
    while (this.kept.size > 0 && !this.closed && !this.isOpen) {
      const [first] = this.kept.values();
      try {
        await this.opened(first?.lease.budgetId ?? '');
      } catch (error) {
        const passed = performance.now() - since;
        for (const kept of [...this.kept.values()]) {
          if (passed >= kept.ttlMs) kept.lose(`the session could not be taken up again: ${String(error)}`);
        }
        await pause(backoff.next());
      }
    }
    this.takingUp = false;
  }

  private stayOpen(): void {
    clearTimeout(this.idle);
    this.idle = undefined;
  }

  private closeIfIdle(): void {
    if (this.underWay > 0 || this.kept.size > 0 || this.closed || this.idle !== undefined) return;
    this.idle = setTimeout(() => this.close(), IDLE_MS);
    // An open stream keeps the process until then; a timer alone need not.
    this.idle.unref();
  }
}
