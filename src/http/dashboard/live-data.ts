import type { BudgetEvent, DeniedRule } from '../../arbiter/service-port.js';
import type { TeamStatus } from '../../domain/model/outcomes.js';
import type { StoredAlert } from '../../domain/model/state.js';
import type { LeaseView, TopUpView } from '../../domain/model/types.js';
import { budgetCard, type Seen } from './budget-card.js';
import { hoursData } from './month-stats.js';
import type {
  AlertData,
  DayData,
  DenialData,
  HappeningData,
  LeaseData,
  LiveData,
  TeamData,
  TopUpData,
} from './page-data.js';

export interface SeenNow extends Seen {
  readonly at: number;
  readonly stale: boolean;
  readonly denied: readonly DeniedRule[];
  readonly happenings: readonly HappeningData[];
}

/** One budget as its page shows it. */
export function liveData(seen: SeenNow, mayOperate: boolean): LiveData {
  const { snapshot, at, stale, denied, happenings } = seen;
  const { budget, revision, month, today, openDays, liveLeases, alerts } = snapshot;
  return {
    ...{ at, revision, stale, month, today, happenings, mayOperate },
    card: budgetCard(seen),
    ...(budget.pause === undefined ? {} : { pause: budget.pause }),
    openDays: openDays.map(
      ({ day, start, end, total, presumed, late, hours, calls = 0, failedCalls = 0 }): DayData => ({
        ...{ day, start, end, total, presumed, late, calls, failedCalls, ...hoursData(hours) },
      }),
    ),
    leases: liveLeases.map(leaseData),
    teams: snapshot.teams.map(teamData),
    topUps: snapshot.topUps.map(topUpData),
    denials: denied.map((denial): DenialData => ({ ...denial })),
    alerts: [...alerts].sort(openFirst).map(alertData),
  };
}

function leaseData(lease: LeaseView): LeaseData {
  const {
    leaseId,
    fence,
    aiId,
    teamId,
    model,
    requestId,
    grantedAt,
    expiresAt,
    renewableUntil,
    labels,
    reportedAt,
  } = lease;
  return {
    ...{ leaseId, fence, aiId, requestId, grantedAt, expiresAt, renewableUntil, labels },
    ...(teamId !== undefined && { teamId }),
    ...(model !== undefined && { model }),
    ...(reportedAt !== undefined && { reportedAt }),
    reserved: lease.reservedTokens,
    used: lease.usedTokens,
  };
}

function teamData({ teamId, liveSlots, windows }: TeamStatus): TeamData {
  const byKind = windows.map(({ kind, cap, spent, reserved, kept = 0, topped }) => {
    return [kind, { cap, spent, reserved, kept, topped }] as const;
  });
  return { teamId, liveSlots, windows: Object.fromEntries(byKind) };
}

function topUpData(topUp: TopUpView): TopUpData {
  const { topUpId, kind, tokens, reason, aiId = '', teamId = '', month = '', expiresAt, endedAt } = topUp;
  return {
    ...{ topUpId, aiId, teamId, month, tokens, reason },
    ...(kind === 'OVER_CAPS' && { available: topUp.available }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(endedAt === undefined ? {} : { endedAt }),
  };
}

function alertData({ rule, window, windowStart, raisedAt, endedAt, message }: StoredAlert): AlertData {
  return { rule, window, windowStart, raisedAt, message, ...(endedAt === undefined ? {} : { endedAt }) };
}

/** What holds now, then what is over, the latest first. */
function openFirst(a: StoredAlert, b: StoredAlert): number {
  const isOver = (alert: StoredAlert) => (alert.endedAt === undefined ? 0 : 1);
  return isOver(a) - isOver(b) || b.raisedAt - a.raisedAt;
}

/** Alerts and overruns have a list of their own. */
export function happeningOf(event: BudgetEvent): HappeningData | undefined {
  switch (event.kind) {
    case 'alert':
    case 'overrun':
      return undefined;
    case 'changed':
      return { at: event.at, kind: 'changed' };
    default: {
      const { aiId, fence, reservedTokens, usedTokens } = event.lease;
      const tokens = event.kind === 'granted' ? reservedTokens : usedTokens;
      return { at: event.at, kind: event.kind, aiId, fence, tokens };
    }
  }
}

/** What leases tell of the past, the latest first. */
export function happeningsOf(leases: readonly LeaseView[]): HappeningData[] {
  return leases
    .flatMap(({ aiId, fence, status, grantedAt, closedAt, reservedTokens, usedTokens }): HappeningData[] => {
      const granted = { at: grantedAt, kind: 'granted', aiId, fence, tokens: reservedTokens } as const;
      if (status === 'LIVE' || closedAt === undefined) return [granted];
      return [granted, { at: closedAt, kind: ENDS[status], aiId, fence, tokens: usedTokens }];
    })
    .sort((a, b) => b.at - a.at);
}

const ENDS = { RELEASED: 'released', EXPIRED: 'expired', REVOKED: 'revoked' } as const;
