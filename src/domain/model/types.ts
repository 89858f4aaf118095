/**
 * The words of this project, one noun each, the same in the API, the code, the logs and the documents.
 *
 * - budget: a shared monthly allowance of LLM tokens, e.g. `anthropic`.
 * - policy: the limits of one budget.
 * - AI: a caller that spends tokens, e.g. `guardian`.
 * - team: a named part of a budget: the AIs that its patterns bind.
 * - scope: a part of a budget that is counted by itself: a team, or the models that one pattern binds.
 * - slot: the right to make requests now; at most `maxConcurrent` are live per budget.
 * - lease: one granted slot: its id, fence, AI, reservation and end.
 * - fence: a number that rises with every grant of a budget.
 * - reservation: tokens that a live lease holds; they count against every cap until settled.
 * - usage: tokens really spent, booked once per usage id.
 * - call: one request to a model, as reported; it failed or not, whatever it spent.
 * - window: the hour, day or month, in the budget's time zone, in which a lease was granted.
 * - cap: the most that spent + reserved may reach in one window.
 * - room: what all caps leave for whoever asks now: the most that none of them refuses.
 * - least: of what a request asks for, what would be enough where caps leave no more.
 * - spread: (max day - min day) / max day x 100, over the days with usage.
 * - denial: an answer that says which rules refuse now, and when to come back.
 * - presumed: tokens that a lease had reserved and not reported when it expired; they count as spent.
 * - overrun: tokens that a lease spends above its reservation.
 * - settle: to turn a lease's reservation into what it used; what is left is free, or presumed.
 * - replica: one running service; several share one store. Stored as `copyId`, in the collection `copies`.
 * - top-up: tokens that an operator gives beyond the policy, or a month leaves to the next.
 * - topped: tokens that were reserved from a top-up; they are counted, and in no window.
 * - session: leases of an AI that live as long as its stream. A person's, in a browser, is a login.
 * - receipt: what a write was answered, kept under its id, so that a repeat gets the same answer.
 * - outbox: receipts and days that a commit changed, in the state until they are written out to documents of their own.
 * - evidence: what was looked up of those documents, and is handed to a decision.
 * - epoch: which life of a budget's id; it rises when a deleted budget is created again. Leases of another are not found.
 * - dispatcher: carries alerts to sinks.
 * - service port: the one way to the arbiter, for gRPC, HTTP and tests alike; access and audit stand before it.
 * - turn: whose waiting request for a slot is tried next. Replicas yield to each other; questions have a semaphore.
 * - flow: whose turn it is among those who wait: a team's, or an AI's where there are no teams.
 * - backpressure: a connection that is refused too often is read later.
 *
 * Amounts of tokens are safe integers. Moments are milliseconds since 1970 UTC; durations end in `Ms`.
 */

/** Tokens by kind, each a safe integer from 0. The kinds are disjoint; or `total` alone. */
export interface TokenCounts {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly reasoning: number;
  readonly total: number;
}

export const TOKEN_KINDS = [
  'input',
  'output',
  'cacheRead',
  'cacheWrite',
  'reasoning',
  'total',
] as const satisfies readonly (keyof TokenCounts)[];

/**
 * What becomes of tokens that were reserved and not reported, where they are not free again.
 *
 * - PRESUME: something was spent, nobody knows how much: it is presumed, until a late report or a later release settles it.
 * - UNUSED: nothing was asked of the model: as if the slot had not been granted.
 */
export type Unreported = 'PRESUME' | 'UNUSED';

/** What one LLM call really spent, as reported. */
export interface UsageReport {
  /** Absent only in a release. */
  readonly usageId?: string;
  readonly tokens: TokenCounts;
  /** Empty if the caller did not say. */
  readonly model: string;
  readonly requestType: string;
  readonly failed: boolean;
  readonly errorMessage: string;
  /** How many calls it is about; absent: one. */
  readonly calls?: number;
  /** A digest of the content above, which a repeat with the same id must share. */
  readonly fingerprint: string;
}

/** Calls that were reported. */
export interface CallCount {
  readonly calls: number;
  readonly failedCalls: number;
}

/**
 * What a top-up does.
 *
 * - OVER_CAPS: where only caps refuse a slot, it is granted from this, until it ends or is used up.
 * - LARGER_MONTH: the enforced limit of one month is larger by it.
 */
export type TopUpKind = 'OVER_CAPS' | 'LARGER_MONTH';

export type Labels = Readonly<Record<string, string>>;

/** The rules of admission, in the order in which they are checked. */
export const RULES = [
  'PAUSED',
  'EMERGENCY',
  'REQUEST_TOO_LARGE',
  'COOLDOWN',
  'CONCURRENCY',
  'AI_CONCURRENCY',
  'TEAM_CONCURRENCY',
  'MODEL_CONCURRENCY',
  'HOURLY_CAP',
  // Of the hour here, of the day after DAILY_CAP, of the month after MONTHLY_CAP.
  'TEAM_CAP',
  'MODEL_CAP',
  'DAILY_CAP',
  'AI_DAILY_CAP',
  'MONTHLY_CAP',
  'KEPT_FOR_OTHERS',
] as const;
export type Rule = (typeof RULES)[number];

/** One rule that refuses. Numbers are tokens, slots or seconds by rule. */
export interface Blocker {
  readonly rule: Rule;
  readonly limit: number;
  readonly spent: number;
  readonly reserved: number;
  readonly requested: number;
  /** When this rule would admit if nothing more were spent; absent if nobody can know or no waiting helps. */
  readonly availableAt?: number;
  /** Of a cap: the window that it is of. */
  readonly window?: WindowKind;
  /** Of a rule of a team or of models: the team id, or the pattern. */
  readonly scope?: string;
  /** No waiting helps: the request is larger than this rule ever admits, in a month with nothing spent, pacing included. */
  readonly permanent?: true;
  readonly message: string;
}

export interface Denial {
  readonly blockers: readonly Blocker[];
  readonly retryAfterMs?: number;
  readonly availableAt?: number;
  /** No waiting helps. */
  readonly permanent: boolean;
  readonly fallbackBudgetIds: readonly string[];
}

export type LeaseStatus = 'LIVE' | 'RELEASED' | 'EXPIRED' | 'REVOKED';

/** A lease as it stood when a decision was made. */
export interface LeaseView {
  readonly leaseId: string;
  readonly fence: number;
  readonly requestId: string;
  readonly budgetId: string;
  readonly aiId: string;
  readonly status: LeaseStatus;
  readonly reservedTokens: number;
  readonly usedTokens: number;
  readonly presumedTokens: number;
  readonly grantedAt: number;
  readonly expiresAt: number;
  readonly renewableUntil: number;
  readonly closedAt?: number;
  /** Its last report. */
  readonly reportedAt?: number | undefined;
  readonly labels: Labels;
  /** The team that its AI is in by the policy of that moment. */
  readonly teamId?: string | undefined;
  /** The model that its request named. */
  readonly model?: string | undefined;
  /** The session that keeps it alive. */
  readonly sessionId?: string | undefined;
  /** The top-up that it was granted from. */
  readonly topUpId?: string | undefined;
  /** The moment of the decision, for `expires_in`. */
  readonly asOf: number;
}

export type WindowKind = 'HOUR' | 'DAY' | 'MONTH';

/** A window as it stands now. */
export interface WindowStatus {
  readonly kind: WindowKind;
  readonly start: number;
  readonly end: number;
  readonly cap: number;
  readonly spent: number;
  readonly reserved: number;
  readonly available: number;
  /** What was spent in it beside `spent`: it came from top-ups. */
  readonly topped: number;
  /** Of the hour and the day where teams are guaranteed a part: kept for all of them now; of a team's window, for it. */
  readonly kept?: number;
}

/** A top-up as it stands. */
export interface TopUpView {
  readonly topUpId: string;
  readonly kind: TopUpKind;
  readonly tokens: number;
  readonly reason: string;
  readonly addedAt: number;
  readonly aiId?: string;
  readonly teamId?: string;
  readonly expiresAt?: number;
  readonly month?: string;
  /** When it ended. */
  readonly endedAt?: number;
  /** OVER_CAPS: spent, presumed tokens included, and reserved by live leases; and what it can still grant. */
  readonly spent: number;
  readonly reserved: number;
  readonly available: number;
  /** LARGER_MONTH: what its end took back. */
  readonly takenBack: number;
}

/** Presumed tokens stand under this model; adjustments without an AI or a model under it too. */
export const UNKNOWN = '(unknown)';
/** Reports that name no model. */
export const UNSPECIFIED = '(unspecified)';
/** AIs and models beyond the bounds of a day. */
export const OTHER = '(other)';
/** AIs in no team, where teams are listed. */
export const NONE = '(none)';
/** All that statistics do not show by name. */
export const REST = '(rest)';

/** While it is being made; handed out as what it is. */
export type Writable<T> = { -readonly [K in keyof T]: T[K] };
