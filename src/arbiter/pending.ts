import type { Outcome } from '../domain/model/outcomes.js';
import type { BudgetRequest, Evidence } from '../domain/model/requests.js';
import type { Origin } from '../platform/tracing.js';
import type { StateVersion } from '../store/store.js';
import { ArbiterError, type Caller } from './service-port.js';

/** A caller that never goes: for the arbiter's own requests. */
export const NOBODY: Caller = { gone: false, onGone: () => {} };

/** One read of receipts and usage documents. It counts for the requests that it was sent for until they are decided. */
export interface Lookup {
  /** Its place among this replica's lookups and acknowledged receipt writes. */
  readonly order: number;
  /** The committed state that it was sent at. */
  readonly version: StateVersion;
  /** The loading of the ledger that it was sent at. */
  readonly lineage: number;
  users: number;
}

/** What a request under way is told, once that is durable. */
export interface Answer {
  readonly pending: Pending;
  readonly outcome: Outcome;
  /** When it was decided, in the budget's time; absent: just now. */
  readonly at?: number;
  /** Of a denial to one who would wait: so long no other caller can help, only time. */
  readonly timeAloneMs?: number;
}

/** A request under way, from its arrival until its caller has an answer. */
export class Pending {
  /** What was looked up for it. */
  evidence: { receipts: Evidence['receipts']; days: Evidence['days'] } | undefined;
  lookup: Lookup | undefined;
  answered = false;
  /** The trace that it belongs to, where anybody collects them. */
  origin: Origin | undefined;
  /** It is with the lookups, and must not be decided until it comes back. */
  lookingUp = false;
  /** How long it may wait for a slot, from its arrival; 0: it wants its answer at once. */
  readonly waitMs: number;

  constructor(
    readonly request: BudgetRequest,
    readonly caller: Caller,
    /** By the monotonic clock. */
    readonly arrivedAt: number,
    private readonly promise: { resolve(outcome: Outcome): void; reject(error: unknown): void },
    waitMs = 0,
  ) {
    this.waitMs = waitMs;
  }

  /** The arbiter's own request, for whose answer nobody waits. */
  static own(request: BudgetRequest, arrivedAt: number): Pending {
    return new Pending(request, NOBODY, arrivedAt, { resolve: () => {}, reject: () => {} });
  }

  resolve(outcome: Outcome): void {
    if (this.answered) return;
    this.answered = true;
    this.promise.resolve(outcome);
  }

  reject(error: unknown): void {
    if (this.answered) return;
    this.answered = true;
    this.promise.reject(error);
  }

  /** Nobody waits for its answer any more. */
  get abandoned(): boolean {
    return this.answered || this.caller.gone;
  }

  cancel(): void {
    this.reject(new ArbiterError('CANCELLED', 'the caller has gone'));
  }
}
