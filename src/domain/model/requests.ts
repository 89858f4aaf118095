import type { PolicyKey } from '../policy/policy-fields.js';
import type { PolicyFields } from './policy.js';
import type { SessionRef } from './session-ref.js';
import type { StoredDelivery, UsageDay } from './state.js';
import type { Labels, TokenCounts, TopUpKind, Unreported, UsageReport } from './types.js';

/** A lease as a caller names it: `lease-id.ts` takes the opaque id apart. */
export interface LeaseRef {
  readonly leaseId: string;
  readonly budgetId: string;
  readonly epoch: number;
  readonly fence: number;
}

export interface AcquireRequest {
  readonly kind: 'acquire';
  readonly aiId: string;
  /** The caller's id, or one that the server made. */
  readonly requestId: string;
  /** The server made it: nobody can repeat it, so a grant that nobody receives is undone. */
  readonly requestIdMade: boolean;
  readonly estimatedTokens?: number;
  /** What the caller expects to spend, in place of an estimate: to be weighed. */
  readonly expected?: TokenCounts;
  /** Where caps refuse the whole, so much is enough. */
  readonly atLeastTokens?: number;
  readonly leaseTtlMs?: number;
  readonly labels?: Labels;
  /** The model that the caller is about to ask; absent if it did not say. */
  readonly model?: string;
  /** A digest of what a repeat must share: all but `wait`. */
  readonly fingerprint: string;
  /** Random characters that make the lease id hard to guess. */
  readonly nonce: string;
  /** The session that will keep the lease alive. */
  readonly session?: SessionRef;
}

export interface RenewRequest {
  readonly kind: 'renew';
  readonly lease: LeaseRef;
  /** The session that the call is made in. */
  readonly session?: SessionRef;
  readonly leaseTtlMs?: number;
  readonly reserveTokens?: number;
}

export interface RecordRequest {
  readonly kind: 'record';
  readonly lease: LeaseRef;
  readonly usage: UsageReport & { readonly usageId: string };
}

export interface RecordUnleasedRequest {
  readonly kind: 'record-unleased';
  readonly aiId: string;
  readonly usage: UsageReport & { readonly usageId: string };
}

export interface ReleaseRequest {
  readonly kind: 'release';
  readonly lease: LeaseRef;
  /** The session that the call is made in. */
  readonly session?: SessionRef;
  readonly usage?: UsageReport;
  /** What becomes of what is reserved and not reported; absent: it is free. */
  readonly unreported?: Unreported;
}

/** Gives the live leases of a session to the stream that it goes on with. Of a new session it finds none. */
export interface TakeUpSessionRequest {
  readonly kind: 'take-up-session';
  /** Whose leases of the session. Absent: of whatever AI, since it is a gateway's. */
  readonly aiIds?: ReadonlySet<string> | undefined;
  readonly session: SessionRef;
  /** Only whether it could be done: whether there is such a budget. */
  readonly onlyLook?: true;
}

/** Renews leases of sessions whose streams live. One that another stream has taken up since is passed over. */
export interface KeepLeasesRequest {
  readonly kind: 'keep-leases';
  /** Streams by the fence of the lease. */
  readonly streams: ReadonlyMap<number, string>;
}

/** Streams that have ended: what they carried ends after the grace. */
export interface BreakSessionsRequest {
  readonly kind: 'break-sessions';
  readonly streams: ReadonlySet<string>;
  /** Streams that never began, since taking their sessions up failed: what they took goes back. */
  readonly unopened?: ReadonlySet<string>;
}

export interface GetLeaseRequest {
  readonly kind: 'get-lease';
  readonly key: { readonly lease: LeaseRef } | { readonly aiId: string; readonly requestId: string };
}

export interface GetAvailabilityRequest {
  readonly kind: 'get-availability';
  readonly aiId: string;
  readonly estimatedTokens?: number;
  readonly expected?: TokenCounts;
  readonly atLeastTokens?: number;
  readonly model?: string;
}

/** The newest records of changes, and what is needed to undo them. */
export interface GetChangesRequest {
  readonly kind: 'get-changes';
}

/** Everything about a budget that a reader may want at one moment; `snapshotOf` in `reads.ts` gathers it. */
export interface GetSnapshotRequest {
  readonly kind: 'get-snapshot';
}

/** What every request of an operator says beside what it asks for: for the log, and for the record of the change. */
interface OfOperator {
  readonly reason?: string;
  /** Who asks, as the log names them. */
  readonly principal?: string;
}

export interface PutPolicyRequest extends OfOperator {
  readonly kind: 'put-policy';
  /** Without a preset: it stays what it is. */
  readonly fields: PolicyFields;
  /** Absent: the whole policy is replaced. */
  readonly updateMask?: readonly PolicyPath[];
  readonly etag?: string;
  /** Does nothing when the budget exists: for start-up. */
  readonly onlyCreate?: boolean;
  /** Whether the budget must be there before, or must not. Absent: either. */
  readonly presence?: 'present' | 'absent';
  /** Says what would be, and changes nothing. */
  readonly validateOnly?: boolean;
}

/** A field of the policy, or one kind of token in `tokenWeights`. */
export type PolicyPath = PolicyKey | `tokenWeights.${string}`;

export interface PauseRequest extends OfOperator {
  readonly kind: 'pause';
  readonly reason: string;
}

export interface ResumeRequest extends OfOperator {
  readonly kind: 'resume';
}

export interface DeleteBudgetRequest extends OfOperator {
  readonly kind: 'delete-budget';
  readonly force: boolean;
  readonly etag?: string;
}

export interface RevokeRequest extends OfOperator {
  readonly kind: 'revoke';
  readonly lease: LeaseRef;
  readonly reason: string;
}

export interface AdjustRequest extends OfOperator {
  readonly kind: 'adjust';
  readonly adjustmentId: string;
  /** Signed, not 0. */
  readonly tokens: number;
  readonly reason: string;
  /** `YYYY-MM-DD`; absent: today. */
  readonly day?: string;
  readonly aiId?: string;
  readonly model?: string;
  readonly fingerprint: string;
}

export interface AddTopUpRequest extends OfOperator {
  readonly kind: 'add-top-up';
  readonly topUpId: string;
  readonly of: TopUpKind;
  readonly tokens: number;
  readonly reason: string;
  /** OVER_CAPS: for this AI alone, or for this team. */
  readonly aiId?: string;
  readonly teamId?: string;
  /** OVER_CAPS. */
  readonly expiresAt?: number;
  /** LARGER_MONTH: `YYYY-MM`; absent: this one. */
  readonly month?: string;
  readonly fingerprint: string;
}

export interface EndTopUpRequest extends OfOperator {
  readonly kind: 'end-top-up';
  readonly topUpId: string;
  readonly reason: string;
}

export interface AcknowledgeAlertRequest extends OfOperator {
  readonly kind: 'acknowledge-alert';
  readonly alertId: string;
}

export interface SilenceAlertsRequest extends OfOperator {
  readonly kind: 'silence-alerts';
  /** Absent: they are silent no longer. */
  readonly until?: number;
  /** Empty: all. */
  readonly rules: readonly string[];
}

export interface ResetClockRequest extends OfOperator {
  readonly kind: 'reset-clock';
  /** Its caller may act on some budgets only: a step of the process's clock, which is that of all, is not believed for it. */
  readonly ofSomeBudgets?: true;
}

/** Takes back a grant that its caller never received and cannot ask for again. */
export interface UndoGrantRequest {
  readonly kind: 'undo-grant';
  readonly lease: LeaseRef;
  /** The session's stream that it was asked for on. */
  readonly stream?: string | undefined;
}

/** Lets time do its work: expiries, rollovers, alerts. Changes nothing else. */
export interface SweepRequest {
  readonly kind: 'sweep';
}

/** Drops from the state what is known to be written, by its key and revision: receipts, closed days, records of changes. */
export interface DropWrittenRequest {
  readonly kind: 'drop-written';
  readonly receipts: ReadonlyMap<string, number>;
  readonly days: ReadonlyMap<string, number>;
  readonly changes?: ReadonlyMap<string, number>;
}

/** Marks days on which a paced cap refused: denials write nothing, so a later commit carries their marks. */
export interface MarkRefusedRequest {
  readonly kind: 'mark-refused';
  /** The life of the budget that they are days of. */
  readonly epoch: number;
  readonly days: readonly string[];
}

/** A replica has denied many requests for many minutes: so many in the last. */
export interface ReportDenialsRequest {
  readonly kind: 'report-denials';
  readonly epoch: number;
  readonly perMinute: number;
}

/** Takes over alerts that are to be sent to sinks and that nobody else is sending. */
export interface ClaimDeliveriesRequest {
  readonly kind: 'claim-deliveries';
  readonly copyId: string;
  /** The sinks that this replica knows, by name. */
  readonly sinks: readonly string[];
  /** No other replica can be running: what another one held is free. */
  readonly alone: boolean;
}

/** What became of tries to tell sinks of alerts. */
export interface RecordDeliveriesRequest {
  readonly kind: 'record-deliveries';
  readonly copyId: string;
  readonly results: readonly DeliveryResult[];
  /** The replica stops: what it holds may be taken over at once. */
  readonly release?: boolean;
}

export interface DeliveryResult {
  /** The key of the mark, and which of its notices: its number, and when it was raised. */
  readonly key: string;
  readonly number: number;
  readonly raisedAt: number;
  readonly epoch: number;
  readonly sink: string;
  readonly notice: StoredDelivery['notice'];
  /** Absent: it was delivered. Else the next try is so much later. */
  readonly retryInMs?: number;
}

export type BudgetRequest =
  | AcquireRequest
  | RenewRequest
  | RecordRequest
  | RecordUnleasedRequest
  | ReleaseRequest
  | TakeUpSessionRequest
  | KeepLeasesRequest
  | BreakSessionsRequest
  | GetLeaseRequest
  | GetAvailabilityRequest
  | GetSnapshotRequest
  | GetChangesRequest
  | PutPolicyRequest
  | PauseRequest
  | ResumeRequest
  | DeleteBudgetRequest
  | RevokeRequest
  | AdjustRequest
  | AddTopUpRequest
  | EndTopUpRequest
  | AcknowledgeAlertRequest
  | SilenceAlertsRequest
  | ResetClockRequest
  | UndoGrantRequest
  | SweepRequest
  | DropWrittenRequest
  | MarkRefusedRequest
  | ReportDenialsRequest
  | ClaimDeliveriesRequest
  | RecordDeliveriesRequest;

/** The arbiter's own requests; no caller can make them. */
export type OwnKind =
  | 'undo-grant'
  | 'sweep'
  | 'drop-written'
  | 'mark-refused'
  | 'report-denials'
  | 'keep-leases'
  | 'break-sessions'
  | 'claim-deliveries'
  | 'record-deliveries';

/** What the arbiter looked up in the store before the decision, because the state did not know it. */
export interface Evidence {
  /** Receipt ids that were looked up, with what was found. A lookup that is no longer valid is not passed on. */
  readonly receipts: ReadonlyMap<string, import('./state.js').Receipt | undefined>;
  /** Usage documents that were looked up; undefined: there is none. */
  readonly days: ReadonlyMap<string, UsageDay | undefined>;
}
