import type { RecentDenials } from '../domain/denials/recent.js';
import type { DenialFilter, DenialList } from '../domain/denials/rows.js';
import type { StoredChange } from '../domain/model/changes.js';
import type { BudgetEvent } from '../domain/model/events.js';
import type {
  BudgetSnapshot,
  BudgetView,
  KnownChanges,
  OutcomeOf,
  Refused,
} from '../domain/model/outcomes.js';
import type { AcquireRequest, BudgetRequest, OwnKind } from '../domain/model/requests.js';
import type { SessionRef } from '../domain/model/session-ref.js';
import type { UsageDay } from '../domain/model/state.js';
import type { LeaseView, Rule } from '../domain/model/types.js';
import type { CrossedRow, CrossingKey, Whose } from '../domain/statistics/crossing.js';
import type { Headline } from '../domain/statistics/headline.js';
import type { ExportedRow } from '../domain/statistics/usage-lines.js';

/** What a caller's connection can say while its request is under way. */
export interface Caller {
  /** The caller has gone: its request leaves the queue. A call that ended or was cancelled stays so. */
  readonly gone: boolean;
  /** Calls back once when the caller goes. */
  onGone(listener: () => void): void;
}

/** The requests that callers make; the rest are the arbiter's own. */
export type CallerRequest = Exclude<BudgetRequest, { kind: OwnKind }>;

/** What begins a session, or takes one up again on a new stream. */
export interface SessionRequest {
  /** Absent: a gateway's, whose acquires name their AI. */
  readonly aiId?: string | undefined;
  /** Of a gateway: the AIs, by budget, whose leases it may take up. Of a budget that is not here, all. */
  readonly ownAis?: ReadonlyMap<string, ReadonlySet<string>>;
  readonly session: SessionRef;
  /** Where its leases are looked for. Each must exist. */
  readonly budgetIds: readonly string[];
}

/** A session whose stream lives. Its leases are kept until it is closed. */
export interface OpenSession {
  readonly kind: 'open';
  /** What an `acquire` of this session carries. */
  readonly session: SessionRef;
  /** What was taken up. */
  readonly leases: readonly LeaseView[];
  /** Its stream has ended: the grace begins for what it acquired in `usedBudgetIds`. */
  close(usedBudgetIds: Iterable<string>): void;
}

/**
 * The arbiter's service port: gRPC, HTTP and sessions enter here. Every method may throw an `ArbiterError`, and nothing else that a
 * caller should see.
 */
export interface ServicePort {
  /** Decides and commits one request. Resolves when the outcome is durable. */
  submit<R extends CallerRequest>(
    budgetId: string,
    request: R,
    caller: Caller,
  ): Promise<OutcomeOf[R['kind']]>;

  /** As `submit`, but stays until granted, denied for good, or `waitMs` have passed. */
  acquireWaiting(
    budgetId: string,
    request: AcquireRequest,
    waitMs: number,
    caller: Caller,
  ): Promise<OutcomeOf['acquire']>;

  /** Begins a session. `takenUp` is called if another stream of this replica takes it up. Throws QUEUE_FULL. */
  openSession(request: SessionRequest, takenUp: () => void, caller: Caller): Promise<OpenSession | Refused>;

  /** Usage documents with `from <= day <= to`, newest state of open days included, in order. */
  usageDays(snapshot: BudgetSnapshot, from: string, to: string): Promise<UsageDay[]>;

  /** Leases closed within 7 days with a fence above `afterFence`, in order of fences. */
  closedLeases(snapshot: BudgetSnapshot, afterFence: number, limit: number): Promise<LeaseView[]>;

  /** Records of changes with a number below `below`, the newest first. */
  changes(known: KnownChanges, below: number, limit: number): Promise<StoredChange[]>;

  /** Who was refused in the hours that end after `from` and begin before `to`, by all replicas. */
  denials(budgetId: string, query: DenialQuery, caller: Caller): Promise<Denials | Refused>;

  /** What was refused of late, by this replica up to now, by others up to a few seconds ago. Never throws for want of the store. */
  recentDenials(snapshot: BudgetSnapshot): Promise<RecentDenials>;

  /** Budgets with an id above `after`, in order. */
  listBudgets(after: string, limit: number): Promise<BudgetView[]>;

  /**
   * Calls `listener` at least once a second until the returned function is called or the budget is gone. Throws QUEUE_FULL.
   * `afterRevision`: up to which an earlier watch was told everything; this one goes on there, or says that it `missed` something.
   */
  watch(
    budgetId: string,
    listener: (update: WatchUpdate) => void,
    afterRevision?: number,
  ): Promise<() => void>;
}

export type { BudgetEvent };

export interface WatchUpdate {
  readonly at: number;
  /** With those that are only counted, all that happened since the update before, up to the revision of `snapshot`. */
  readonly events: readonly BudgetEvent[];
  readonly mergedEvents: number;
  /** More may have happened since then, and cannot be told. */
  readonly missed?: boolean;
  readonly denials: ReadonlyMap<Rule, number>;
  /** Whom each rule denied last, and how often it did, by this replica since its start. */
  readonly deniedRules?: readonly DeniedRule[];
  readonly waiters: number;
  readonly snapshot: BudgetSnapshot | undefined;
  /** How it stands, in words. Absent while nothing is known. */
  readonly headline?: Headline | undefined;
  readonly stale: boolean;
  /** There is no such budget, or no longer: this is the last update. */
  readonly gone?: true;
}

/** What one rule denied. */
export interface DeniedRule {
  readonly rule: Rule;
  readonly count: number;
  readonly lastAt: number;
  readonly lastAiId: string;
  readonly lastMessage: string;
}

/** Of which month, and of which of its days by hours. */
export interface DistributionQuery {
  /** `YYYY-MM`. Absent: that of `day`, or else the current one. */
  readonly month?: string;
  /** `YYYY-MM-DD`. Absent: today, or the last day of a past month. */
  readonly day?: string;
}

/** Which denials are listed. */
export interface DenialQuery extends DenialFilter {
  /** Absent: 24 hours before `to`. */
  readonly from?: number;
  /** Absent: now. */
  readonly to?: number;
}

/** All that was asked for. */
export interface Denials extends DenialList {
  readonly kind: 'denials';
  readonly from: number;
  readonly to: number;
}

/** By what usage is summed. */
export type Grouping = 'DAY' | 'HOUR' | 'AI' | 'MODEL' | 'TEAM';

export type UsageOrder = 'KEY' | 'TOKENS' | 'CALLS';

/** Which usage is listed: days from and to, the first and last included. */
export interface UsageQuery extends Whose {
  readonly groupBy: Grouping;
  /** By several at once; then `groupBy` is the first of them. */
  readonly by?: readonly CrossingKey[];
  /** Absent: by key. */
  readonly orderBy?: UsageOrder;
  readonly descending?: boolean;
  readonly fromDay?: string;
  readonly toDay?: string;
  readonly pageSize: number;
  /** The cursor of the last row of the page before. */
  readonly afterKey?: string;
}

/** The usage of one day, hour, AI, model or team, or of several of them together. */
export interface UsageRow extends CrossedRow {
  readonly key: string;
  /** Absent where it is of no day, or where the hour is not known. */
  readonly start?: number;
  readonly presumed: number;
  readonly late: number;
}

/** A page of it. */
export interface UsageRows {
  readonly rows: readonly UsageRow[];
  /** Of the rows of all pages. */
  readonly totalTokens: number;
  readonly totalCalls: number;
  /** All that was used in that span. */
  readonly budgetTokens: number;
  readonly nextKey?: string;
}

/** Which days are handed out as a file; absent: as in `UsageQuery`, and up to today. */
export type ExportQuery = Pick<UsageQuery, 'fromDay' | 'toDay'>;

/** Usage by day, AI, model and team, to be walked once. */
export interface UsageExport {
  readonly fromDay: string;
  readonly toDay: string;
  readonly rows: AsyncIterable<ExportedRow>;
}

/**
 * What keeps a request from being decided at all.
 * - QUEUE_FULL: too many requests, waiters or watchers at once.
 * - STORE_UNAVAILABLE: the store does not answer, or the outcome is not known; repeat with the same ids.
 * - STORE_REFUSED: the store will never accept this request.
 * - SHUTTING_DOWN: this replica is stopping.
 * - CANCELLED: the caller has gone.
 */
export type ArbiterFailure =
  | 'QUEUE_FULL'
  | 'STORE_UNAVAILABLE'
  | 'STORE_REFUSED'
  | 'SHUTTING_DOWN'
  | 'CANCELLED';

export class ArbiterError extends Error {
  override readonly name = 'ArbiterError';
  constructor(
    readonly failure: ArbiterFailure,
    message: string,
    readonly retryAfterMs?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
