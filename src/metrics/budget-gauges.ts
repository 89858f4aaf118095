import type { BudgetSnapshot } from '../domain/model/outcomes.js';
import type { TopUpView, WindowStatus } from '../domain/model/types.js';
import { allowanceOf } from '../domain/policy/allowance.js';
import { callsByTeam } from '../domain/statistics/by-team.js';
import { forecastOf } from '../domain/statistics/forecast.js';
import { HEADLINE_STATUSES } from '../domain/statistics/headline.js';
import { spreadPercent, usageFigures } from '../domain/statistics/spread.js';
import type { BudgetFigures } from './budget-figures.js';
import type { Exposition, Labels } from './exposition.js';

type OfWindow = readonly [name: string, help: string, read: (window: WindowStatus) => number];
type OfBudget = readonly [name: string, help: string, read: (snapshot: BudgetSnapshot) => number | undefined];

const WINDOW_GAUGES: readonly OfWindow[] = [
  ['window_cap_tokens', 'The cap in force of the hour, day or month under way.', ({ cap }) => cap],
  ['window_spent_tokens', 'What is spent in the window, presumed tokens included.', ({ spent }) => spent],
  [
    'window_topped_tokens',
    'What was spent in the window beside: it was reserved from top-ups, and no cap looks at it.',
    ({ topped }) => topped,
  ],
  ['window_reserved_tokens', 'What live leases reserve in the window.', ({ reserved }) => reserved],
  [
    'window_left_tokens',
    'What is left in the window: its cap less spent less reserved, never below 0.',
    ({ available }) => available,
  ],
  ['window_start_timestamp_seconds', 'When the window began.', ({ start }) => start / 1_000],
  ['window_end_timestamp_seconds', 'When the window ends.', ({ end }) => end / 1_000],
];

/** A policy has at most 64 teams. */
const TEAM_WINDOW_GAUGES: readonly OfWindow[] = [
  ['team_cap_tokens', 'What the team may use of the window that is under way.', ({ cap }) => cap],
  ['team_spent_tokens', 'What the team spent in the window, presumed tokens included.', ({ spent }) => spent],
  ['team_reserved_tokens', 'What live leases of the team reserve in it.', ({ reserved }) => reserved],
  [
    'team_topped_tokens',
    'What the team spent beside: it was reserved from top-ups, and no cap looks at it.',
    ({ topped }) => topped,
  ],
  ['team_kept_tokens', 'What is kept for the team now of the hour, or of the day.', ({ kept = 0 }) => kept],
];

const BUDGET_GAUGES: readonly OfBudget[] = [
  ['live_slots', 'Live leases, of all replicas.', ({ liveLeases }) => liveLeases.length],
  ['slot_limit', 'The most that may be live at once.', ({ budget }) => budget.policy.maxConcurrent],
  [
    'paused',
    '1 while an operator has paused the budget.',
    ({ budget }) => Number(budget.pause !== undefined),
  ],
  [
    'daily_minimum_tokens',
    'What the policy wants to be spent a day at the least.',
    ({ budget, larger }) => allowanceOf(budget.policy, larger).dailyMin,
  ],
  ['top_ups', 'Top-ups that have not ended.', ({ topUps }) => inForce(topUps).length],
  [
    'top_up_available_tokens',
    'What the top-ups over caps can still grant.',
    ({ topUps }) => topUps.reduce((sum, { available }) => sum + available, 0),
  ],
  ['month_larger_tokens', 'What top-ups add to the enforced limit of the month.', ({ larger }) => larger],
  [
    'day_presumed_tokens',
    'Of what is spent today, what is presumed of leases that expired, were revoked, or were released so.',
    ({ openDays, today }) => openDays.find(({ day }) => day === today.day)?.presumed ?? 0,
  ],
  [
    'spread_ratio',
    'How uneven the days of the month with usage are: (most - least) / most.',
    ({ dayTotals }) => spreadPercent(usageFigures(dayTotals.values())) / 100,
  ],
  [
    'projected_month_tokens',
    'What the month would come to if it went on as before, caps aside.',
    (snapshot) => forecast(snapshot).projectedMonthTokens,
  ],
  [
    'exhaustion_timestamp_seconds',
    'When the enforced limit would be reached at that rate; absent while that is not within the month.',
    (snapshot) => seconds(forecast(snapshot).exhaustedAt),
  ],
  [
    'budget_clock_timestamp_seconds',
    'The moment that decisions about the budget are made at.',
    ({ now }) => now / 1_000,
  ],
];

/** Where budgets stand, of every budget that has series of its own. */
export function exposeBudgetGauges(exposition: Exposition, figures: BudgetFigures): void {
  for (const [name, help, read] of WINDOW_GAUGES) {
    exposition.gauge({ name, help, labels: ['budget', 'window'] }, () =>
      each(figures, ({ windows }, budget) =>
        windows.map((window) => [{ budget, window: window.kind.toLowerCase() }, read(window)]),
      ),
    );
  }
  for (const [name, help, read] of BUDGET_GAUGES) {
    exposition.gauge({ name, help, labels: ['budget'] }, () =>
      each(figures, (snapshot, budget) => {
        const value = read(snapshot);
        return value === undefined ? [] : [[{ budget }, value]];
      }),
    );
  }
  for (const [name, help, read] of TEAM_WINDOW_GAUGES) {
    exposition.gauge({ name, help, labels: ['budget', 'team', 'window'] }, () =>
      each(figures, ({ teams }, budget) =>
        teams.flatMap(({ teamId: team, windows }) =>
          windows.map(
            (window) => [{ budget, team, window: window.kind.toLowerCase() }, read(window)] as const,
          ),
        ),
      ),
    );
  }
  exposeTeamGauges(exposition, figures);
  const headline = {
    name: 'headline',
    help: 'How the budget stands, as its headline says: 1 for its status, 0 for the others.',
    labels: ['budget', 'status'],
  };
  exposition.gauge(headline, () => headlines(figures));
  const active = {
    name: 'alert_active',
    help: '1 while the condition of an alert holds; absent otherwise.',
    labels: ['budget', 'rule'],
  };
  exposition.gauge(active, () => each(figures, activeAlerts));
}

function exposeTeamGauges(exposition: Exposition, figures: BudgetFigures): void {
  const slots = { name: 'team_live_slots', help: 'Live leases of the team.', labels: ['budget', 'team'] };
  exposition.gauge(slots, () =>
    each(figures, ({ teams }, budget) =>
      teams.map(({ teamId: team, liveSlots }) => [{ budget, team }, liveSlots] as const),
    ),
  );
  const calls = {
    name: 'team_calls',
    help: 'Calls of today that AIs of the team reported, by how they ended: `ok` or `failed`.',
    labels: ['budget', 'team', 'outcome'],
  };
  exposition.gauge(calls, () =>
    each(figures, (snapshot, budget) => {
      const today = snapshot.openDays.filter(({ day }) => day === snapshot.today.day);
      return [...callsByTeam(snapshot.budget.policy, today)].flatMap(
        ([team, { calls: all, failedCalls }]): [Labels, number][] => [
          [{ budget, team, outcome: 'ok' }, all - failedCalls],
          [{ budget, team, outcome: 'failed' }, failedCalls],
        ],
      );
    }),
  );
}

function* headlines({ headlines: all }: BudgetFigures): Iterable<readonly [Labels, number]> {
  for (const [budget, { status: now }] of all) {
    for (const status of HEADLINE_STATUSES)
      yield [{ budget, status: status.toLowerCase() }, Number(status === now)];
  }
}

function inForce(topUps: readonly TopUpView[]): TopUpView[] {
  return topUps.filter(({ endedAt }) => endedAt === undefined);
}

function activeAlerts({ alerts }: BudgetSnapshot, budget: string): [Labels, number][] {
  const rules = new Set(alerts.filter(({ endedAt }) => endedAt === undefined).map(({ rule }) => rule));
  return [...rules].map((rule) => [{ budget, rule }, 1]);
}

function forecast(snapshot: BudgetSnapshot) {
  const { budget, windows, larger, monthTopped: topped } = snapshot;
  const { enforced } = allowanceOf(budget.policy, larger);
  const spent = windows.find(({ kind }) => kind === 'MONTH')?.spent ?? 0;
  return forecastOf({ ...snapshot, zone: budget.zone, enforced, spent, topped });
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1_000;
}

function* each(
  { snapshots }: BudgetFigures,
  read: (snapshot: BudgetSnapshot, budget: string) => Iterable<readonly [Labels, number]>,
): Iterable<readonly [Labels, number]> {
  for (const [budget, snapshot] of snapshots) yield* read(snapshot, budget);
}
