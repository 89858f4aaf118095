import type { Stamp } from '../domain/finish.js';
import type { Clock } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import type { Scheduler } from '../platform/scheduler.js';
import type { Tracing } from '../platform/tracing.js';
import type { BudgetStore } from '../store/store.js';
import type { AlertDispatcher } from './alert-dispatcher.js';
import type { Bounds } from './bounds.js';
import type { DenialMemories } from './denial-memory.js';
import type { ForeignDenials } from './foreign-denials.js';
import type { ArbiterObserver } from './observer.js';

/** What the parts of one arbiter share. */
export interface Context {
  readonly store: BudgetStore;
  readonly clock: Clock;
  /** The moment up to which time has surely passed; absent: that of the clock. */
  readonly passed: (() => number) | undefined;
  readonly scheduler: Scheduler;
  readonly log: Log;
  readonly bounds: Bounds;
  readonly maxSkewMs: number;
  /** How long usage is kept beside the current month; absent: for ever. */
  readonly retentionMonths: number | undefined;
  /** Names this run of this replica in the stamps of its commits. */
  readonly copyId: string;
  readonly counts: Counts;
  /** Where alerts go beside watchers; absent: to the log alone. */
  readonly alerts: AlertDispatcher | undefined;
  readonly observer: ArbiterObserver;
  /** Absent where nobody collects traces. */
  readonly tracing: Tracing | undefined;
  readonly denied: DenialMemories;
  /** What other replicas refused of late. */
  readonly foreign: ForeignDenials;
  /** The streams of sessions that are open on this replica. */
  readonly streams: Set<string>;
  /** The number of the next commit of this replica. */
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
  sessions: number;
}

/** Who commits, and to whom it promises alerts. `restrained`: nothing that time alone would add goes along. */
export function stampOf(
  { copyId, alerts, store }: Context,
  budgetId: string,
  seq: number,
  restrained: boolean,
): Stamp {
  const stamp = { copyId, seq, restrained, receiptsInCommit: store.receiptsInCommit };
  if (alerts === undefined) return stamp;
  return { ...stamp, sinksFor: (rule) => alerts.sinksFor(budgetId, rule) };
}
