import type { Policy } from '../model/policy.js';
import type { StoredAlert } from '../model/state.js';
import type { Allowance } from '../policy/allowance.js';
import type { Outlook } from '../statistics/forecast.js';
import type { Span } from '../time/windows.js';

export const ALERT_RULES = [
  'POOR_SPREAD',
  'DAILY_SPIKE',
  'HOURLY_BURST',
  'DAY_BELOW_MINIMUM',
  'WARNING',
  'CRITICAL',
  'EMERGENCY',
  'LEASE_EXPIRED',
  'OVERRUN',
  'EXHAUSTION_FORECAST',
  'UNPRICED_MODEL',
  'MONTH_SHARE',
  'AI_SHARE',
  'TEAM_SHARE',
  'DENIAL_RATE',
] as const;

export type AlertRule = (typeof ALERT_RULES)[number];

/** By `YYYY-MM-DD`. */
type DayTotals = Pick<ReadonlyMap<string, number>, 'get' | typeof Symbol.iterator>;

export interface AlertInput extends Outlook {
  readonly policy: Policy;
  readonly allowance: Allowance;
  readonly hour: Span;
  readonly hourSpent: number;
  /** The hour's cap in force. */
  readonly hourCap: number;
  readonly monthSpent: number;
  /** What a replica denied in the last minute of many such; absent if none does. */
  readonly denialsPerMinute?: number;
  /** Spent in the month by AI; asked for only where the policy has thresholds of it. */
  readonly monthAis: Pick<ReadonlyMap<string, number>, typeof Symbol.iterator>;
  /** By team, what it spent in the month, and its part of it. */
  readonly teams: Iterable<{ readonly teamId: string; readonly spent: number; readonly part: number }>;
  /** Tokens of the month's days with usage. */
  readonly dayTotals: DayTotals;
  /** The day before today, of the month before if today is the first; absent if the budget was not in use by then. */
  readonly closedDay?: { readonly day: string; readonly start: number; readonly total: number };
}

/** A rule as it stands in one window. */
export interface AlertCondition {
  readonly rule: AlertRule;
  readonly window: StoredAlert['window'];
  readonly windowStart: number;
  /** Whom it is about, if not all. */
  readonly aiId?: string;
  readonly teamId?: string;
  readonly value: number;
  readonly threshold: number;
  readonly holds: boolean;
  /** How bad it is, in steps: what was told is told anew when it is worse by a whole one. Absent: it is as it is. */
  readonly level?: number;
  /** Built only for an alert that is raised: conditions are looked at with every decision. */
  readonly message: () => string;
}
