import { admission, denialOf } from './admission/admission.js';
import { askedViolation, estimateOf, leastTokens, requestedTokens } from './admission/asked.js';
import { roomFor } from './admission/room.js';
import { scopeWindows } from './admission/rules/scope-cap.js';
import { topUpOver } from './admission/top-up.js';
import { alertsNow } from './alerts/alert-view.js';
import { viewOfBudget } from './budget-changes.js';
import { ownHours } from './ledger/accounts.js';
import { withKept } from './ledger/kept-windows.js';
import { findLease, viewOfClosed, viewOfLive } from './ledger/lease-lookup.js';
import type { Ledger } from './ledger/ledger.js';
import { leaseOfRequest } from './ledger/request-memory.js';
import { keptParts } from './ledger/scope-counts.js';
import type { Scope } from './ledger/scopes.js';
import { type Standing, standingOf, windowStatuses } from './ledger/standing.js';
import { viewOfTopUp } from './ledger/top-ups.js';
import { type ToppedWindows, toppedByTeam } from './ledger/topped-by-team.js';
import {
  type BudgetSnapshot,
  type KnownChanges,
  type NeedsLookup,
  type OutcomeOf,
  refused,
  type TeamStatus,
} from './model/outcomes.js';
import type { Evidence, GetAvailabilityRequest, GetLeaseRequest } from './model/requests.js';
import { type ClosedLease, STATE_FORMAT, type StoredDay, type UsageDay } from './model/state.js';

/** Requests that change nothing. */

export function getLease(
  ledger: Ledger,
  { key }: GetLeaseRequest,
  evidence: Evidence,
): OutcomeOf['get-lease'] | NeedsLookup {
  const found =
    'lease' in key
      ? findLease(ledger, key.lease, evidence)
      : leaseOfRequest(ledger, key.aiId, key.requestId, evidence);
  switch (found.kind) {
    case 'unknown':
      return found;
    case 'missing':
    case 'lost':
      return refused({ reason: 'LEASE_NOT_FOUND', leaseId: 'lease' in key ? key.lease.leaseId : '' });
    case 'live':
      return { kind: 'lease', lease: viewOfLive(ledger, found.lease) };
    case 'closed':
      return { kind: 'lease', lease: viewOfClosed(ledger, found.closed) };
  }
}

/** What a request for a slot would meet now. */
export function getAvailability(
  ledger: Ledger,
  request: GetAvailabilityRequest,
): OutcomeOf['get-availability'] {
  const estimate = estimateOf(ledger, request);
  const violation = askedViolation(ledger, request, estimate);
  if (violation !== undefined) return refused({ reason: 'INVALID_FIELD', violations: [violation] });
  const standing = standingOf(ledger);
  const requested = requestedTokens(ledger, standing, request, estimate);
  const least = leastTokens(ledger, request, requested);
  const blockers = admission(ledger, standing, request, requested, least);
  const topUpId = topUpOver(ledger, standing, request, { requested, least }, blockers);
  const admitted = blockers.length === 0 || topUpId !== undefined;
  const team = ledger.scopes?.teamOf(request.aiId);
  return {
    kind: 'availability',
    availableTokens: roomFor(ledger, standing, request),
    ...(team && { team: teamStatus(ledger, standing, team, toppedByTeam(ledger).get(team)) }),
    ...(admitted ? {} : { denial: denialOf(ledger, blockers) }),
  };
}

function teamStatus(
  ledger: Ledger,
  standing: Standing,
  team: Scope,
  topped: ToppedWindows | undefined,
): TeamStatus {
  const windows = withKept(ledger, standing, scopeWindows(ledger, standing, team, topped), team);
  return { teamId: team.id, windows, liveSlots: team.live };
}

function teamsOf(ledger: Ledger): TeamStatus[] {
  const { scopes } = ledger;
  if (scopes === undefined || !ledger.exists) return [];
  const standing = standingOf(ledger);
  const topped = toppedByTeam(ledger);
  return Array.from(scopes.teams.values(), (team) => teamStatus(ledger, standing, team, topped.get(team)));
}

/** Of a budget that lives or is deleted. */
export function changesOf(ledger: Ledger): KnownChanges {
  const { budgetId, changeCount: count, tables, exists } = ledger;
  const waiting = [...tables.changes.values()];
  return { kind: 'changes', budgetId, count, waiting, ...(exists && { budget: viewOfBudget(ledger) }) };
}

/** A copy of everything that readers want, which later decisions do not change. */
export function snapshotOf(ledger: Ledger): BudgetSnapshot {
  const { tables } = ledger;
  return {
    budget: viewOfBudget(ledger),
    epoch: ledger.epoch,
    revision: ledger.revision,
    fence: ledger.fence,
    now: ledger.clock,
    month: ledger.month,
    today: ledger.today,
    liveLeases: [...ledger.slots.leasesLive()]
      .sort((a, b) => a.fence - b.fence)
      .map((lease) => viewOfLive(ledger, lease)),
    closedLeases: closedLeases(ledger),
    lastGrants: new Map([...tables.ais.entries()].map(([ai, { lastGrantAt }]) => [ai, lastGrantAt])),
    windows: withKept(ledger, standingOf(ledger), windowStatuses(ledger)),
    teams: teamsOf(ledger),
    openDays: [...tables.days.entries()].map(([day, totals]) => usageDayOf(ledger, day, totals)),
    dayTotals: new Map(tables.dayTotals.entries()),
    experience: ledger.pace.experience,
    countsFrom: ledger.pace.countsFrom,
    monthAis: new Map(tables.monthAis.entries()),
    monthModels: new Map(tables.monthModels.entries()),
    monthTopped: tables.monthTopped,
    larger: ledger.topUps.largerBy(ledger.month.key),
    topUps: [...tables.topUps.entries()].map(([id, topUp]) => viewOfTopUp(ledger, id, topUp)),
    monthParts: new Map(tables.monthParts.entries()),
    alerts: alertsNow(ledger),
    silences: ledger.silences,
  };
}

function closedLeases({ tables: { outbox }, epoch }: Ledger): ClosedLease[] {
  const closed: ClosedLease[] = [];
  for (const { body, epoch: of } of outbox.values())
    if (body.kind === 'lease' && of === epoch) closed.push(body);
  return closed.sort((a, b) => a.lease.fence - b.lease.fence);
}

/** An open day as its usage document says it. */
export function usageDayOf(ledger: Ledger, day: string, totals: StoredDay): UsageDay {
  const { start, end, total, presumed, late, topped, zone, unit, refused, calls, failedCalls = 0 } = totals;
  const hours = ownHours(totals.hours);
  const { tables, budgetId, epoch, revision } = ledger;
  return {
    ...{ format: STATE_FORMAT, budgetId, epoch, day, start, end, revision, total, presumed, late, hours },
    ais: tables.ofDay(tables.dayAis, day),
    models: tables.ofDay(tables.dayModels, day),
    pairs: tables.pairsOfDay(day),
    presumedBy: tables.presumedBy(day),
    parts: keptParts(ledger, day),
    ...(calls !== undefined && { calls, failedCalls, ...tables.callsOfDay(day) }),
    ...(topped && { topped }),
    toppedAis: tables.toppedOfDay(tables.toppedAis, day),
    toppedModels: tables.toppedOfDay(tables.toppedModels, day),
    ...(zone === undefined ? {} : { zone }),
    ...(unit === undefined ? {} : { unit }),
    ...(refused === undefined ? {} : { refused }),
  };
}
