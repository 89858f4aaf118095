import type { Experience } from '../policy/experience.js';
import type { StoredChange } from './changes.js';
import type { Policy, PolicyFields } from './policy.js';
import type { ClosedLease, Silences, StoredAlert, StoredPause } from './state.js';
import type { Denial, LeaseView, TopUpView, WindowStatus } from './types.js';

/** One field of a request or policy that is wrong, and what would be right. */
export interface FieldViolation {
  /** Path in the API's names, e.g. `policy.max_daily_percent`. */
  readonly field: string;
  readonly description: string;
}

/** A policy that works, but may surprise. */
export interface PolicyWarning {
  /** The field in the API's names, e.g. `max_hourly_percent`. */
  readonly field: string;
  readonly message: string;
}

export interface BudgetView {
  readonly budgetId: string;
  readonly policyFields: PolicyFields;
  readonly policy: Policy;
  readonly etag: string;
  readonly pause?: StoredPause;
  readonly createdAt: number;
  readonly zone: string;
}

/** A team as it stands now. */
export interface TeamStatus {
  readonly teamId: string;
  /** Its hour, day and month. */
  readonly windows: readonly WindowStatus[];
  readonly liveSlots: number;
}

/** A budget at one moment, for statistics, lists and watchers. Plain copies: later decisions do not change it. */
export interface BudgetSnapshot {
  readonly budget: BudgetView;
  readonly epoch: number;
  readonly revision: number;
  /** That of the latest grant. */
  readonly fence: number;
  /** The moment that decisions are made at. */
  readonly now: number;
  readonly month: { readonly key: string; readonly start: number; readonly end: number };
  readonly today: { readonly day: string; readonly start: number; readonly end: number };
  readonly liveLeases: readonly LeaseView[];
  /** Closed leases whose receipts are not yet known to be written, as these have them. */
  readonly closedLeases: readonly ClosedLease[];
  /** By AI, its last grant. */
  readonly lastGrants: ReadonlyMap<string, number>;
  /** Hour, day and month as they stand. */
  readonly windows: readonly WindowStatus[];
  /** By id; none while the policy has no teams. */
  readonly teams: readonly TeamStatus[];
  /** The days in the state, whole, which are newer than their usage documents. */
  readonly openDays: readonly import('./state.js').UsageDay[];
  /** Tokens by day of the current month, open days included. */
  readonly dayTotals: ReadonlyMap<string, number>;
  /** What pacing and the forecast go by. */
  readonly experience: Experience;
  /** From when on the month's usage counts: its start, or the budget's first day in it. */
  readonly countsFrom: number;
  readonly monthAis: ReadonlyMap<string, number>;
  readonly monthModels: ReadonlyMap<string, number>;
  /** Of the month's tokens, what came from top-ups. */
  readonly monthTopped: number;
  /** What top-ups add to the enforced limit of the current month. */
  readonly larger: number;
  /** Those that have not left the state, by id. */
  readonly topUps: readonly TopUpView[];
  /** What scopes have of names of many in the month: see `ledger/scope-counts.ts`. */
  readonly monthParts: ReadonlyMap<string, number>;
  readonly alerts: readonly AlertView[];
  readonly silences: Silences;
}

/** `silencedUntil`: until then nothing is sent of its rule; absent if it may be. */
export interface AlertView extends StoredAlert {
  readonly silencedUntil?: number;
}

export interface AlertHandled {
  readonly kind: 'alert';
  readonly before: AlertView;
  readonly alert: AlertView;
}

export interface AlertsSilenced {
  readonly kind: 'silences';
  readonly before: Silences;
  readonly silences: Silences;
}

/** Why a request is refused. Each names the broken rule. */
export type Refusal =
  | { readonly reason: 'BUDGET_NOT_FOUND'; readonly budgetId: string }
  | { readonly reason: 'BUDGET_EXISTS'; readonly budgetId: string }
  | { readonly reason: 'LEASE_NOT_FOUND'; readonly leaseId: string }
  /** The request's lease, or the lease itself, is no longer live. */
  | { readonly reason: 'LEASE_CLOSED'; readonly lease: LeaseView }
  /** Another stream carries the session's leases, or this lease, now. */
  | { readonly reason: 'SESSION_TAKEN_UP' }
  | { readonly reason: 'ID_REUSED'; readonly field: string; readonly id: string }
  /** It was to be given back as unused. */
  | { readonly reason: 'USAGE_REPORTED'; readonly lease: LeaseView; readonly unit: string }
  | {
      readonly reason: 'REPORT_TOO_LARGE';
      readonly charge: number;
      readonly limit: number;
      readonly unit: string;
    }
  | { readonly reason: 'AMOUNT_OVERFLOW'; readonly field: string }
  | { readonly reason: 'ETAG_MISMATCH'; readonly current: string }
  | { readonly reason: 'LEASES_LIVE'; readonly count: number }
  | { readonly reason: 'BELOW_ZERO'; readonly available: number; readonly of: string; readonly unit: string }
  /** `month` has usage, or this top-up is kept; neither: a lease lives. */
  | {
      readonly reason: 'UNIT_IN_USE';
      readonly unit: string;
      readonly asked: string;
      readonly month?: string;
      readonly topUpId?: string;
    }
  | { readonly reason: 'INVALID_FIELD'; readonly violations: readonly FieldViolation[] }
  | { readonly reason: 'UNWORKABLE_POLICY'; readonly violations: readonly FieldViolation[] }
  | { readonly reason: 'TOP_UP_NOT_FOUND'; readonly topUpId: string }
  | { readonly reason: 'ALERT_NOT_FOUND'; readonly alertId: string }
  | { readonly reason: 'TOO_MANY_TOP_UPS'; readonly most: number }
  | { readonly reason: 'STATE_FULL'; readonly bytes: number }
  | { readonly reason: 'OUTBOX_FULL' }
  /** `needsAllBudgets`: who may act on all budgets could have had the time believed. */
  | { readonly reason: 'CLOCK_NOT_TRUSTED'; readonly detail: string; readonly needsAllBudgets?: true };

export interface Granted {
  readonly kind: 'granted';
  readonly lease: LeaseView;
  readonly replayed: boolean;
  /** What the tightest window leaves its AI after this grant. */
  readonly availableTokens: number;
  readonly wouldDeny?: Denial;
}
export interface Denied {
  readonly kind: 'denied';
  readonly denial: Denial;
  /** The day on which a paced cap refused, if one did: to be marked in a later commit, since a denial writes nothing. */
  readonly pacedOn?: string;
}
export interface Renewed {
  readonly kind: 'renewed';
  readonly lease: LeaseView;
  readonly raiseDenied?: Denial;
}
export interface Recorded {
  readonly kind: 'recorded';
  readonly chargedTokens: number;
  readonly overrunTokens: number;
  readonly late: boolean;
  readonly replayed: boolean;
  /** Booked now, of a model that lacks weights of its own; for the metrics. */
  readonly unpriced?: true;
  readonly lease?: LeaseView;
}
export interface Released {
  readonly kind: 'released';
  readonly usedTokens: number;
  readonly freedTokens: number;
  readonly overrunTokens: number;
  /** What its own report came to, where that was booked now; for the metrics. */
  readonly booked?: {
    readonly aiId: string;
    readonly chargedTokens: number;
    readonly late: boolean;
    readonly unpriced?: true;
  };
  readonly replayed: boolean;
}
/** Leases that a session's stream carries, renewed just now. */
export interface CarriedLeases {
  readonly kind: 'carried-leases';
  readonly leases: readonly LeaseView[];
}
export interface FoundLease {
  readonly kind: 'lease';
  readonly lease: LeaseView;
}
export interface Availability {
  readonly kind: 'availability';
  readonly availableTokens: number;
  readonly denial?: Denial;
  /** The AI's team, and its windows; absent for an AI in none. */
  readonly team?: TeamStatus;
}
export interface Snapshot {
  readonly kind: 'snapshot';
  readonly snapshot: BudgetSnapshot;
}
/** What the state knows of the changes that operators made, of a deleted budget too. */
export interface KnownChanges {
  readonly kind: 'changes';
  readonly budgetId: string;
  /** How many there were. */
  readonly count: number;
  /** Records that are not yet known to be written. */
  readonly waiting: readonly StoredChange[];
  /** As it is now; absent where it is deleted. */
  readonly budget?: BudgetView;
}
export interface BudgetPut {
  readonly kind: 'budget';
  readonly budget: BudgetView;
  readonly warnings: readonly PolicyWarning[];
  /** As it was; absent if it was not there. */
  readonly before?: BudgetView;
  /** Of a change of policy: hour, day and month under the policy before, and under this one. */
  readonly windows?: { readonly before: readonly WindowStatus[]; readonly after: readonly WindowStatus[] };
}
/** A budget was deleted, or had been before. */
export interface BudgetDeleted {
  readonly kind: 'deleted';
  readonly before?: BudgetView;
}
/** A lease was ended by an operator, or had ended before. */
export interface Revoked {
  readonly kind: 'revoked';
  readonly before: LeaseView;
  readonly lease: LeaseView;
}
export interface Adjusted {
  readonly kind: 'adjusted';
  readonly day: string;
  readonly dayTotal: number;
  readonly replayed: boolean;
}
/** A top-up was added or ended, or had been before. */
export interface TopUpPut {
  readonly kind: 'top-up';
  readonly topUp: TopUpView;
  /** As it was; absent if it was not there. */
  readonly before?: TopUpView;
  /** Nothing changed now. */
  readonly replayed: boolean;
}
export interface ClockReset {
  readonly kind: 'clock-reset';
  /** The budget's clock, as it was. */
  readonly before: number;
  /** The trusted time, which it was set to. */
  readonly after: number;
}
export interface Done {
  readonly kind: 'done';
}
export interface Refused {
  readonly kind: 'refused';
  readonly refusal: Refusal;
}

/** What a caller gets. */
export type Outcome =
  | Granted
  | Denied
  | Renewed
  | Recorded
  | Released
  | CarriedLeases
  | FoundLease
  | Availability
  | Snapshot
  | KnownChanges
  | BudgetPut
  | BudgetDeleted
  | Revoked
  | Adjusted
  | TopUpPut
  | AlertHandled
  | AlertsSilenced
  | ClockReset
  | Done
  | Refused;

/** The state does not know these; look them up and decide again. Never reaches a caller. */
export interface NeedsLookup {
  readonly kind: 'unknown';
  readonly receiptIds: readonly string[];
  readonly days: readonly string[];
  /** Days of a deleted budget must be written out before it can begin again. */
  readonly writeOut?: true;
  /** So much is done as one commit may carry: decide again for the rest, in the next. */
  readonly again?: true;
}

export const AGAIN: NeedsLookup = { kind: 'unknown', receiptIds: [], days: [], again: true };

/** Which outcome answers which request. */
export interface OutcomeOf {
  acquire: Granted | Denied | Refused;
  renew: Renewed | Refused;
  record: Recorded | Refused;
  'record-unleased': Recorded | Refused;
  release: Released | Refused;
  'take-up-session': CarriedLeases | Refused;
  'keep-leases': CarriedLeases | Refused;
  'break-sessions': Done | Refused;
  'get-lease': FoundLease | Refused;
  'get-availability': Availability | Refused;
  'get-snapshot': Snapshot | Refused;
  'get-changes': KnownChanges | Refused;
  'put-policy': BudgetPut | Refused;
  pause: BudgetPut | Refused;
  resume: BudgetPut | Refused;
  'delete-budget': BudgetDeleted | Refused;
  revoke: Revoked | Refused;
  adjust: Adjusted | Refused;
  'add-top-up': TopUpPut | Refused;
  'end-top-up': TopUpPut | Refused;
  'acknowledge-alert': AlertHandled | Refused;
  'silence-alerts': AlertsSilenced | Refused;
  'reset-clock': ClockReset | Refused;
  'undo-grant': Done | Refused;
  sweep: Done | Refused;
  'drop-written': Done | Refused;
  'mark-refused': Done | Refused;
  'report-denials': Done | Refused;
  'claim-deliveries': Done | Refused;
  'record-deliveries': Done | Refused;
}

export function refused(refusal: Refusal): Refused {
  return { kind: 'refused', refusal };
}
