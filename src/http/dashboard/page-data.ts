/**
 * What the service tells the pages of the dashboard, as JSON. Both sides are checked against these types, so this file
 * imports nothing of either. Amounts are in the budget's unit: tokens, or millionths of a currency. Moments are milliseconds since 1970 UTC.
 */

export type Status = 'NORMAL' | 'WARNING' | 'CRITICAL' | 'EMERGENCY';
export type Grade = 'UNSPECIFIED' | 'GOOD' | 'FAIR' | 'POOR';

/** Who is looking, and what they may do. */
export interface SessionData {
  /** False: no credentials are configured, and everybody may do everything. */
  readonly credentials: boolean;
  /** Absent: nobody has signed in. */
  readonly name?: string;
  /** Signed in by a cookie, which signing out ends; not by a client certificate. */
  readonly canSignOut: boolean;
  /** To be sent with every call, in the header `x-csrf-token`. */
  readonly csrf: string;
  readonly version: string;
  /** There are budgets that they may change, or could make. */
  readonly mayOperate: boolean;
}

/** The budgets that a visitor may change. */
export interface OperableData {
  readonly budgets: readonly { readonly budgetId: string; readonly paused: boolean }[];
}

export interface WindowData {
  readonly kind: 'HOUR' | 'DAY' | 'MONTH';
  readonly start: number;
  readonly end: number;
  /** In force now. */
  readonly cap: number;
  /** What the policy allows where pacing lowers nothing. */
  readonly ceiling: number;
  readonly loweredBy?: string;
  /** Presumed tokens included. */
  readonly spent: number;
  readonly presumed: number;
  readonly reserved: number;
  readonly available: number;
  /** Of what is available: of the month kept for later days, of the day and the hour for guaranteed teams. */
  readonly kept: number;
}

/** How a budget stands: the worst that holds, in words. */
export interface HeadlineData {
  readonly status: 'OK' | 'UNEVEN' | 'ENDING' | 'FULL' | 'REFUSING' | 'PAUSED';
  readonly text: string;
  /** In mode OBSERVE, whom the rules would refuse. */
  readonly observed?: string;
}

/** A budget at a glance. */
export interface BudgetCard {
  readonly budgetId: string;
  /** The moment of its figures. */
  readonly at: number;
  readonly zone: string;
  /** `tokens`, or the code of a currency. */
  readonly unit: string;
  readonly month: string;
  readonly headline: HeadlineData;
  readonly status: Status;
  readonly paused: boolean;
  readonly observing: boolean;
  readonly windows: readonly WindowData[];
  readonly grade: Grade;
  readonly spreadPercent: number;
  /** What would be spent by now on the even line. */
  readonly evenTokens: number;
  readonly paceTokensPerHour: number;
  readonly projectedMonthTokens: number;
  readonly exhaustedAt?: number;
  readonly enforced: number;
  readonly liveSlots: number;
  readonly maxConcurrent: number;
  readonly waiters: number;
  readonly openAlerts: number;
}

/** `worst`: what keeps AIs from work first; `month`, `day`, `hour`: by the share that is used. */
export type OverviewOrder = 'worst' | 'name' | 'month' | 'day' | 'hour';

/** A page of the list of budgets as a stream tells it: what has changed since the message before. */
export interface OverviewUpdate {
  readonly at: number;
  /** Of this page, in their order. */
  readonly budgetIds?: readonly string[];
  /** Budgets that were asked for, on all pages. */
  readonly total?: number;
  /** There are more than can be put in order. */
  readonly more?: boolean;
  readonly cards: readonly BudgetCard[];
  /** Budgets whose figures the store did not confirm lately. */
  readonly stale: readonly string[];
  readonly problem?: string;
}

export interface LimitsData {
  readonly monthlyLimit: number;
  readonly enforced: number;
  readonly dailyMax: number;
  readonly dailyMin: number;
  readonly hourlyMax: number;
  readonly dailyMaxPercent: number;
  readonly dailyMinPercent: number;
  readonly hourlyMaxPercent: number;
  readonly warning: number;
  readonly critical: number;
  readonly emergency: number;
}

export interface SpanData {
  readonly start: number;
  readonly end: number;
}

/** Calls that were reported. */
export interface CallData {
  readonly calls: number;
  readonly failedCalls: number;
}

export interface DayData extends SpanData, CallData {
  /** `YYYY-MM-DD`. */
  readonly day: string;
  readonly total: number;
  readonly presumed: number;
  readonly late: number;
  /** Hours with usage. */
  readonly hours: readonly { readonly start: number; readonly tokens: number }[];
  /** Of `total`, what was brought in by corrections: nobody knows in which hour it was spent. */
  readonly hourUnknown: number;
}

/** By what the days of a month are told apart. */
export type Stacking = 'ai' | 'model' | 'team';

/** The days of a month by name: those that spent most in it, and all others as one. */
export interface StackData {
  readonly by: Stacking;
  readonly names: readonly string[];
  /** For each day of the month what each of the names spent; the rest of its total is of others. */
  readonly days: readonly (readonly number[])[];
}

export interface NamedTokens extends CallData {
  readonly name: string;
  readonly tokens: number;
}

export interface LeaseData {
  readonly leaseId: string;
  readonly fence: number;
  readonly aiId: string;
  readonly teamId?: string;
  /** That its request named. */
  readonly model?: string;
  readonly requestId: string;
  readonly reserved: number;
  readonly used: number;
  readonly grantedAt: number;
  readonly expiresAt: number;
  /** The hard end: no renewal goes beyond it. */
  readonly renewableUntil: number;
  /** Absent: nothing yet. */
  readonly reportedAt?: number;
  readonly labels: Readonly<Record<string, string>>;
}

/** A window of a team, within its own cap. */
export interface TeamWindowData {
  readonly cap: number;
  readonly spent: number;
  readonly reserved: number;
  /** Of the budget's window, what is kept for the team now. */
  readonly kept: number;
  /** What it spent beside, from top-ups. */
  readonly topped: number;
}

export interface TeamData {
  readonly teamId: string;
  readonly liveSlots: number;
  readonly windows: { readonly [K in WindowData['kind']]?: TeamWindowData };
}

export interface TopUpData {
  readonly topUpId: string;
  /** An AI, a team, or a month; empty: every AI. */
  readonly aiId: string;
  readonly teamId: string;
  readonly month: string;
  readonly tokens: number;
  /** What it can still grant; absent where it makes a month larger. */
  readonly available?: number;
  readonly expiresAt?: number;
  readonly endedAt?: number;
  readonly reason: string;
}

export interface DenialData {
  readonly rule: string;
  readonly count: number;
  readonly lastAt: number;
  readonly lastAiId: string;
  readonly lastMessage: string;
}

export interface AlertData {
  readonly rule: string;
  readonly window: string;
  readonly windowStart: number;
  readonly raisedAt: number;
  readonly endedAt?: number;
  readonly message: string;
}

export interface HappeningData {
  readonly at: number;
  readonly kind: 'granted' | 'released' | 'expired' | 'revoked' | 'changed';
  readonly aiId?: string;
  readonly fence?: number;
  /** Reserved by a grant, used by what has ended. */
  readonly tokens?: number;
}

/** One budget as it stands: the same source as `WatchBudget`. */
export interface LiveData {
  readonly at: number;
  readonly revision: number;
  readonly stale: boolean;
  readonly card: BudgetCard;
  readonly month: SpanData & { readonly key: string };
  readonly today: SpanData & { readonly day: string };
  readonly pause?: { readonly reason: string; readonly at: number };
  readonly openDays: readonly DayData[];
  readonly leases: readonly LeaseData[];
  readonly teams: readonly TeamData[];
  readonly topUps: readonly TopUpData[];
  readonly denials: readonly DenialData[];
  readonly alerts: readonly AlertData[];
  readonly happenings: readonly HappeningData[];
  readonly mayOperate: boolean;
}

/** Nothing has changed but the time. */
export interface TickData {
  readonly at: number;
  readonly stale: boolean;
  readonly waiters: number;
}

/** A month of one budget, and one of its days. */
export interface MonthData {
  readonly budgetId: string;
  readonly zone: string;
  readonly unit: string;
  readonly at: number;
  readonly month: SpanData & { readonly key: string };
  readonly isCurrent: boolean;
  /** The month that is under way. */
  readonly currentMonth: string;
  readonly limits: LimitsData;
  /** Every day of the month, in order. */
  readonly days: readonly DayData[];
  readonly stack: StackData;
  /** The totals of the days of the month before; empty if nothing was used in it, or if it was counted in another unit. */
  readonly monthBefore: readonly number[];
  readonly ais: readonly NamedTokens[];
  readonly models: readonly NamedTokens[];
  /** Empty while the policy has no teams. */
  readonly teams: readonly NamedTokens[];
  readonly figures: MonthFigures;
  readonly day: DayNames;
}

/** A month of one AI, or of one team. */
export interface ScopeData extends CallData {
  readonly at: number;
  readonly budgetId: string;
  readonly kind: 'ai' | 'team';
  readonly name: string;
  readonly zone: string;
  readonly unit: string;
  readonly month: string;
  readonly isCurrent: boolean;
  readonly today: string;
  readonly days: readonly (SpanData & { readonly day: string; readonly total: number })[];
  readonly total: number;
  /** Of all AIs. */
  readonly ofTotal: number;
  /** Of an AI, the team that it is in by the policy of now. */
  readonly teamId?: string;
  /** When it was last granted a slot, as far as that is kept. */
  readonly lastGrantAt?: number;
  /** Of a team. */
  readonly ais: readonly { readonly name: string; readonly tokens: number }[];
}

export interface MonthFigures extends CallData {
  readonly total: number;
  readonly daysWithUsage: number;
  readonly average: number;
  readonly most: number;
  readonly least: number;
  readonly spreadPercent: number;
  /** The largest among days of one weekday; 0 while no weekday has two. */
  readonly spreadByWeekdayPercent: number;
  readonly grade: Grade;
  readonly presumed: number;
  readonly late: number;
  readonly daysBelowMinimum: readonly string[];
}

export interface DayNames {
  readonly day: string;
  readonly ais: readonly NamedTokens[];
  readonly models: readonly NamedTokens[];
}

/** What a policy is made of, as its form asks for it. */
export interface PolicyFormData {
  readonly presets: readonly string[];
  readonly groups: readonly string[];
  readonly fields: readonly FormField[];
}

/** What a field takes: the kinds of the table of policy fields. */
export type FieldKind =
  | 'tokens'
  | 'count'
  | 'share'
  | 'percent'
  | 'duration'
  | 'choice'
  | 'zone'
  | 'unit'
  | 'budgets'
  | 'percents'
  | 'shares-by-ai'
  | 'weights'
  | 'weights-by-model'
  | 'teams'
  | 'limits-by-model';

export interface FormField {
  /** In the API's words. */
  readonly name: string;
  readonly group: string;
  readonly kind: FieldKind;
  readonly help: string;
  /** What values it may have, for a person. */
  readonly limits: string;
  /** Of a choice. */
  readonly values?: readonly string[];
  /** What it is when it is not set, in the JSON of the API; absent: nothing. */
  readonly default?: unknown;
}
