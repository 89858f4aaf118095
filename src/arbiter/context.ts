import type { Clock } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import type { Scheduler } from '../platform/scheduler.js';
import type { BudgetStore } from '../store/store.js';
import type { Bounds } from './bounds.js';
import type { DenialMemories } from './denial-memory.js';

/** What the parts of one arbiter share. */
export interface Context {
  readonly store: BudgetStore;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly log: Log;
  readonly bounds: Bounds;
  readonly maxSkewMs: number;
  /** Names this run of this copy of the service in the stamps of its commits. */
  readonly copyId: string;
  readonly counts: Counts;
  readonly denied: DenialMemories;
  /** The number of the next commit of this copy. */
  nextSeq(): number;
  readonly stopping: () => boolean;
}

/** What an arbiter did so far. */
export interface Counts {
  commits: number;
  /** Requests whose outcome a commit carried. */
  committedRequests: number;
  lostRaces: number;
  unknownOutcomes: number;
  waiters: number;
  watchers: number;
}
