import { NOTHING_RECENT } from '../../domain/denials/recent.js';
import type { BudgetSnapshot } from '../../domain/model/outcomes.js';
import type { UsageDay } from '../../domain/model/state.js';
import type { WindowKind } from '../../domain/model/types.js';
import { allowanceOf } from '../../domain/policy/allowance.js';
import { capsInForce, keptForLaterDays, windowOf } from '../../domain/policy/caps-in-force.js';
import { budgetHeadline } from '../../domain/statistics/budget-headline.js';
import type { Headline } from '../../domain/statistics/headline.js';
import { monthStats } from './month-stats.js';
import type { BudgetCard, HeadlineData, Status, WindowData } from './page-data.js';

/** A budget as its watch last saw it, with the usage documents of the month. */
export interface Seen {
  readonly snapshot: BudgetSnapshot;
  readonly days: ReadonlyMap<string, UsageDay>;
  readonly waiters: number;
  /** Absent: as its figures alone have it. */
  readonly headline?: Headline | undefined;
}

/** A budget at a glance. */
export function budgetCard({ snapshot, days, waiters, headline }: Seen): BudgetCard {
  const { budget, month, now, alerts, liveLeases } = snapshot;
  const { policy } = budget;
  const { enforced } = allowanceOf(policy, snapshot.larger);
  const stats = monthStats({ snapshot, month, isCurrent: true, zone: budget.zone, days });
  const { paceTokensPerHour = 0, projectedMonthTokens = 0, exhaustedAt } = stats.forecast ?? {};
  return {
    ...{ budgetId: budget.budgetId, at: now, zone: budget.zone, unit: policy.unit },
    ...{ month: month.key, headline: headlineData(headline ?? budgetHeadline(snapshot, NOTHING_RECENT)) },
    status: statusOf(snapshot),
    ...{ paused: budget.pause !== undefined, observing: policy.mode === 'OBSERVE' },
    windows: (['MONTH', 'DAY', 'HOUR'] as const).map((kind) => windowData(snapshot, kind, days)),
    ...{ grade: stats.grade, spreadPercent: stats.monthlyDistribution.usageSpreadPercentage },
    evenTokens: Math.round((enforced * (now - month.start)) / (month.end - month.start)),
    ...{ paceTokensPerHour: Math.round(paceTokensPerHour), projectedMonthTokens, enforced },
    ...(exhaustedAt === undefined ? {} : { exhaustedAt }),
    ...{ liveSlots: liveLeases.length, maxConcurrent: policy.maxConcurrent, waiters },
    openAlerts: alerts.filter(({ endedAt }) => endedAt === undefined).length,
  };
}

function headlineData({ status, text, observed }: Headline): HeadlineData {
  return { status, text, ...(observed !== undefined && { observed }) };
}

/** The highest threshold that the month's spending has reached. */
export function statusOf(snapshot: BudgetSnapshot): Status {
  const { spent } = windowOf(snapshot, 'MONTH');
  const { warning, critical, grantable } = allowanceOf(snapshot.budget.policy, snapshot.larger);
  if (spent > 0 && spent >= grantable) return 'EMERGENCY';
  if (spent > 0 && spent >= critical) return 'CRITICAL';
  return spent > 0 && spent >= warning ? 'WARNING' : 'NORMAL';
}

function windowData(
  snapshot: BudgetSnapshot,
  kind: WindowKind,
  days: ReadonlyMap<string, UsageDay>,
): WindowData {
  const { policy } = snapshot.budget;
  const { dailyMax, hourlyMax, enforced } = allowanceOf(policy, snapshot.larger);
  const { loweredBy } = capsInForce(policy, snapshot)[kind];
  const ceiling = { HOUR: hourlyMax, DAY: dailyMax, MONTH: enforced }[kind];
  const { start, end, cap, spent, reserved, available, kept: forTeams = 0 } = windowOf(snapshot, kind);
  const kept = kind === 'MONTH' ? keptForLaterDays(policy, snapshot) : forTeams;
  return {
    ...{ kind, start, end, cap, ceiling, spent, reserved, available },
    presumed: presumedIn(snapshot, kind, days),
    kept: Math.min(kept, available),
    ...(loweredBy === undefined ? {} : { loweredBy }),
  };
}

/** By days alone: usage is not told apart by hours. */
function presumedIn(
  { today, month }: BudgetSnapshot,
  kind: WindowKind,
  days: ReadonlyMap<string, UsageDay>,
): number {
  if (kind === 'HOUR') return 0;
  if (kind === 'DAY') return days.get(today.day)?.presumed ?? 0;
  let sum = 0;
  for (const { day, presumed } of days.values()) if (day.startsWith(month.key)) sum += presumed;
  return sum;
}
