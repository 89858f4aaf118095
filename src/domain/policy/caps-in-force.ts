import type { BudgetSnapshot, BudgetView } from '../model/outcomes.js';
import type { Policy } from '../model/policy.js';
import type { WindowKind, WindowStatus } from '../model/types.js';
import { daysInMonth, daysLeft } from '../time/calendar.js';
import { hoursLeft } from '../time/windows.js';
import { allowanceOf } from './allowance.js';
import { hourShare } from './experience.js';
import { type Cap, dayCap, hourCap } from './pacing.js';

export type CapsInForce = { readonly [K in WindowKind]: Cap };

const NOTHING = { cap: 0, spent: 0, reserved: 0, available: 0, topped: 0, start: 0, end: 0 };

/** Where a budget stands: of a snapshot or of a ledger. */
export type Figures = Pick<
  BudgetSnapshot,
  'month' | 'today' | 'now' | 'windows' | 'larger' | 'experience'
> & {
  readonly budget: Pick<BudgetView, 'zone'>;
};

/** One of its windows. */
export function windowOf({ windows }: Pick<Figures, 'windows'>, kind: WindowKind): WindowStatus {
  return windows.find((window) => window.kind === kind) ?? { ...NOTHING, kind };
}

/** The caps that a policy, the budget's own or one that is only thought of, puts in force on figures as they stand. */
export function capsInForce(policy: Policy, figures: Figures): CapsInForce {
  const allowance = allowanceOf(policy, figures.larger);
  const { budget, month, today, now, experience } = figures;
  const [ofHour, ofDay, ofMonth] = (['HOUR', 'DAY', 'MONTH'] as const).map((kind) =>
    taken(windowOf(figures, kind)),
  ) as [number, number, number];
  const day = dayCap(allowance, policy, {
    before: ofMonth - ofDay,
    daysLeft: daysLeft(month, today.day),
    daysInMonth: daysInMonth(month.key),
    past: experience.days,
  });
  const hour = hourCap(allowance, policy, {
    inHour: ofHour,
    inOtherHours: ofDay - ofHour,
    dayCap: day.tokens,
    pace: { hourShare: hourShare(experience, hoursLeft(budget.zone, today.end, now)) },
  });
  return { HOUR: hour, DAY: day, MONTH: { tokens: allowance.enforced } };
}

/** What is left of the month and kept from today by pacing: FLOOR keeps the later days' minimums, EVEN all that today may not take. */
export function keptForLaterDays(policy: Policy, snapshot: Figures): number {
  const { grantable, dailyMin } = allowanceOf(policy, snapshot.larger);
  const left = Math.max(0, grantable - taken(windowOf(snapshot, 'MONTH')));
  const { month, today } = snapshot;
  switch (policy.pacing) {
    case 'NONE':
      return 0;
    case 'FLOOR':
      return Math.min(left, dailyMin * Math.max(0, daysLeft(month, today.day) - 1));
    case 'EVEN': {
      const room = capsInForce(policy, snapshot).DAY.tokens - taken(windowOf(snapshot, 'DAY'));
      return Math.max(0, left - Math.max(0, room));
    }
  }
}

function taken({ spent, reserved }: WindowStatus): number {
  return spent + reserved;
}
