import { standsUnder } from '../ledger/accounts.js';
import type { Policy } from '../model/policy.js';
import type { HourTotal, MonthWindow } from '../model/state.js';
import { type CallCount, REST, type WindowStatus } from '../model/types.js';
import { TOKENS } from '../model/unit.js';
import { allowanceOf } from '../policy/allowance.js';
import { daysOfMonth, hourName } from '../time/windows.js';
import { NO_CALLS, sumOfCalls } from './calls-by-name.js';
import { type Forecast, forecastOf, type Outlook } from './forecast.js';
import type { Headline } from './headline.js';
import { knownHours } from './known-hours.js';
import {
  mean,
  type SpreadGrade,
  spreadGrade,
  spreadPercent,
  toHundredths,
  usageFigures,
  weekdaySpreadPercent,
} from './spread.js';

/** A day of the month as it was used. */
export interface DayTotals extends Partial<CallCount> {
  readonly day: string;
  readonly start: number;
  readonly end: number;
  readonly total: number;
  readonly presumed: number;
  readonly late: number;
  readonly topped?: number;
  /** Absent: tokens. */
  readonly unit?: string;
}

export interface DistributionInput {
  readonly budgetId: string;
  readonly policy: Policy;
  /** What top-ups add to the enforced limit of the month. */
  readonly larger: number;
  readonly zone: string;
  readonly month: MonthWindow;
  /** Days of the month in any order; one that is not here had no usage. */
  readonly days: readonly DayTotals[];
  /** The day whose hours are shown. */
  readonly day: { readonly date: string; readonly hours: readonly HourTotal[] };
  readonly ais: ReadonlyMap<string, number>;
  readonly models: ReadonlyMap<string, number>;
  /** Empty while the policy has no teams. */
  readonly teams: ReadonlyMap<string, number>;
  readonly aiCalls?: ReadonlyMap<string, CallCount>;
  readonly modelCalls?: ReadonlyMap<string, CallCount>;
  readonly teamCalls?: ReadonlyMap<string, CallCount>;
  readonly activeRequests: number;
  readonly lastGrants: ReadonlyMap<string, number>;
  readonly windows: readonly WindowStatus[];
  readonly now: number;
  readonly isCurrentMonth: boolean;
  /** Of the current month. */
  readonly outlook?: Outlook;
}

/** Tokens and calls of a name. */
export interface NamedUsage extends CallCount {
  readonly tokens: number;
}

export interface DistributionStats extends CallCount {
  readonly monthlyDistribution: MonthlyDistribution;
  readonly dailyDistribution: DailyDistribution;
  readonly rateLimitingStatus: RateLimitingStatus;
  readonly grade: SpreadGrade;
  /** The largest among the closed days of one weekday, from the second of each on. */
  readonly spreadByWeekdayPercentage: number;
  readonly daysBelowMinimum: readonly string[];
  /** Most first: the `MOST_NAMES` largest, and the sum of all others as `(rest)`. */
  readonly byAi: readonly (NamedUsage & { readonly aiId: string })[];
  readonly byModel: readonly (NamedUsage & { readonly model: string })[];
  readonly byTeam: readonly (NamedUsage & { readonly teamId: string })[];
  readonly presumedTokens: number;
  readonly lateTokens: number;
  /** What came from top-ups: it counts in every figure, and in no cap. */
  readonly toppedTokens: number;
  /** Absent for a past month. */
  readonly forecast?: Forecast;
  /** How the budget stands now, in words; absent for a past month. */
  readonly headline?: Headline;
  /** Empty for a past month. */
  readonly windows: readonly WindowStatus[];
  readonly budgetId: string;
  readonly month: string;
  readonly timeZone: string;
  /** What its amounts count: see `unit.ts`. */
  readonly unit: string;
}

export interface MonthlyDistribution {
  readonly totalTokens: number;
  readonly daysWithUsage: number;
  readonly avgDailyUsage: number;
  readonly maxDailyUsage: number;
  readonly minDailyUsage: number;
  readonly usageSpreadPercentage: number;
  readonly dailyUsageData: readonly (NamedUsage & { readonly date: string; readonly start: number })[];
}

export interface DailyDistribution {
  readonly totalTokens: number;
  readonly hoursWithUsage: number;
  readonly avgHourlyUsage: number;
  readonly hourlyUsageData: readonly {
    readonly hour: string;
    readonly tokens: number;
    readonly start: number;
  }[];
  readonly date: string;
  /** Of its tokens, those that no hour shows: see `known-hours.ts`. */
  readonly hourUnknownTokens: number;
}

export interface RateLimitingStatus {
  readonly maxDailyPercentage: number;
  readonly maxHourlyPercentage: number;
  readonly minDailyPercentage: number;
  /** Seconds. */
  readonly aiCooldownPeriod: number;
  readonly maxConcurrentRequests: number;
  readonly activeRequests: number;
  /** The `MOST_NAMES` latest, and the latest of all others as `(rest)`. */
  readonly lastAiRequests: ReadonlyMap<string, number>;
}

/** Names that statistics show one by one: the answer stays small, whoever makes up how many names. `ListUsage` has all. */
export const MOST_NAMES = 100;

/** How evenly a month is used. */
export function distributionStats(input: DistributionInput): DistributionStats {
  const { policy, month, now } = input;
  const { enforced, dailyMin } = allowanceOf(policy, input.larger);
  const days = everyDay(input);
  const monthly = monthlyDistribution(days);
  const topped = sum(days.map((day) => day.topped ?? 0));
  const closed = days.filter(({ end }) => end <= now);
  return {
    monthlyDistribution: monthly,
    dailyDistribution: dailyDistribution(input),
    rateLimitingStatus: rateLimitingStatus(input),
    grade: spreadGrade(usageFigures(closed.map(({ total }) => total))),
    spreadByWeekdayPercentage: toHundredths(
      weekdaySpreadPercent(closed.map(({ day, total }) => [day, total] as const)),
    ),
    daysBelowMinimum: daysBelow(closed, dailyMin),
    byAi: largest(input.ais, input.aiCalls).map(([aiId, usage]) => ({ aiId, ...usage })),
    byModel: largest(input.models, input.modelCalls).map(([model, usage]) => ({ model, ...usage })),
    byTeam: largest(input.teams, input.teamCalls).map(([teamId, usage]) => ({ teamId, ...usage })),
    ...sumOfCalls(days),
    presumedTokens: sum(days.map(({ presumed }) => presumed)),
    lateTokens: sum(days.map(({ late }) => late)),
    toppedTokens: topped,
    ...(input.outlook && {
      forecast: forecastOf({ ...input.outlook, enforced, spent: monthly.totalTokens - topped, topped }),
    }),
    windows: input.isCurrentMonth ? input.windows : [],
    budgetId: input.budgetId,
    month: month.key,
    timeZone: input.zone,
    unit: unitOfMonth(input),
  };
}

/** A month that is past may have been counted in another unit than the budget counts in now. */
function unitOfMonth({ policy, days, isCurrentMonth }: DistributionInput): string {
  const used = isCurrentMonth ? undefined : days.find(({ total }) => total > 0);
  return used === undefined ? policy.unit : (used.unit ?? TOKENS);
}

function everyDay({ zone, month, days }: DistributionInput): DayTotals[] {
  const unused = daysOfMonth(zone, month).map((window) => ({ ...window, total: 0, presumed: 0, late: 0 }));
  const byDay = new Map<string, DayTotals>();
  for (const day of [...unused, ...days]) byDay.set(day.day, day);
  return [...byDay.values()].sort((a, b) => (a.day < b.day ? -1 : 1));
}

function monthlyDistribution(days: readonly DayTotals[]): MonthlyDistribution {
  const figures = usageFigures(days.map(({ total }) => total));
  return {
    totalTokens: figures.total,
    daysWithUsage: figures.count,
    avgDailyUsage: toHundredths(mean(figures)),
    maxDailyUsage: figures.max,
    minDailyUsage: figures.min,
    usageSpreadPercentage: toHundredths(spreadPercent(figures)),
    dailyUsageData: days
      .filter(({ total, calls = 0 }) => total > 0 || calls > 0)
      .map((day) => ({ date: day.day, tokens: day.total, start: day.start, ...sumOfCalls([day]) })),
  };
}

function dailyDistribution({ zone, day }: DistributionInput): DailyDistribution {
  const { known, unknown } = knownHours(day.hours);
  const figures = usageFigures(known.map(({ tokens }) => tokens));
  return {
    totalTokens: figures.total + unknown,
    hoursWithUsage: figures.count,
    avgHourlyUsage: toHundredths(mean(figures)),
    hourlyUsageData: known
      .filter(({ tokens }) => tokens > 0)
      .sort((a, b) => a.start - b.start)
      .map(({ start, tokens }) => ({ hour: hourName(zone, start), tokens, start })),
    date: day.date,
    hourUnknownTokens: unknown,
  };
}

function rateLimitingStatus({ policy, activeRequests, lastGrants }: DistributionInput): RateLimitingStatus {
  return {
    maxDailyPercentage: policy.maxDailyPercent,
    maxHourlyPercentage: policy.maxHourlyPercent,
    minDailyPercentage: policy.minDailyPercent,
    aiCooldownPeriod: Math.ceil(policy.cooldownMs / 1_000),
    maxConcurrentRequests: policy.maxConcurrent,
    activeRequests,
    lastAiRequests: latest(lastGrants),
  };
}

/** Days before the first usage do not count: the budget was not in use yet. A later day without any does. */
function daysBelow(closed: readonly DayTotals[], minimum: number): string[] {
  const first = closed.findIndex(({ total }) => total > 0);
  if (first === -1) return [];
  return closed
    .slice(first)
    .filter(({ total }) => total < minimum)
    .map(({ day }) => day);
}

/** By tokens, the most first. What a name called and nothing spent comes last. */
export function mostFirst(
  tokensByName: ReadonlyMap<string, number>,
  calls: ReadonlyMap<string, CallCount> = new Map(),
): [string, NamedUsage][] {
  const usages = new Map<string, NamedUsage>();
  for (const [name, tokens] of tokensByName) usages.set(name, { tokens, ...NO_CALLS });
  for (const [name, count] of calls) {
    // A month may have no name left for whom a day counts by its own.
    const known = standsUnder(tokensByName, name);
    const { tokens, ...before } = usages.get(known) ?? { tokens: 0, ...NO_CALLS };
    usages.set(known, { tokens, ...sumOfCalls([before, count]) });
  }
  return [...usages]
    .filter(([, { tokens, calls: made }]) => tokens > 0 || made > 0)
    .sort(([a, x], [b, y]) => y.tokens - x.tokens || (a < b ? -1 : 1));
}

function largest(...figures: Parameters<typeof mostFirst>): [string, NamedUsage][] {
  const all = mostFirst(...figures);
  const others = all.slice(MOST_NAMES).map(([, usage]) => usage);
  if (others.length === 0) return all;
  const rest = { tokens: sum(others.map(({ tokens }) => tokens)), ...sumOfCalls(others) };
  return [...all.slice(0, MOST_NAMES), [REST, rest]];
}

function latest(moments: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  if (moments.size <= MOST_NAMES) return moments;
  const all = [...moments].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  const [, latestOther = 0] = all[MOST_NAMES] ?? [];
  return new Map([...all.slice(0, MOST_NAMES), [REST, latestOther]]);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
