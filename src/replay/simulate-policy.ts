import { ArbiterError, type Caller, type ServicePort } from '../arbiter/service-port.js';
import type { BudgetSnapshot, Refused } from '../domain/model/outcomes.js';
import { policyInForce } from '../domain/model/policy.js';
import type { UsageDay } from '../domain/model/state.js';
import { allowanceOf } from '../domain/policy/allowance.js';
import { changedPolicy, isRefused } from '../domain/policy/policy-update.js';
import { daysBefore } from '../domain/time/calendar.js';
import type { Scheduler } from '../platform/scheduler.js';
import { type Comparison, compare } from './compare.js';
import type { PolicyChange } from './replay.js';
import { scaled } from './shape-trace.js';
import { usageTrace } from './usage-trace.js';

export interface SimulationQuery {
  readonly change: PolicyChange;
  /** Closed days before today. */
  readonly days: number;
  /** Demand as a multiple of what it was. */
  readonly scale: number;
  readonly returns: number;
}

/** What it asks of the service: how the budget stands, and what was used of it. */
export type UsagePort = Pick<ServicePort, 'submit' | 'usageDays' | 'closedLeases'>;

/** What another policy would have done with a budget's last days. */
export type SimulatePolicy = (
  servicePort: ServicePort,
  budgetId: string,
  query: SimulationQuery,
  caller: Caller,
) => Promise<Simulation | Refused>;

export interface Simulation {
  /** Undefined: these days had no usage. */
  readonly comparison: Comparison | undefined;
  readonly recordedTokens: number;
}

/** With two policies and 28 days, 16,000 requests: half a second of a slow machine. */
const MOST_PER_HOUR = 12;
/** All of the month before the first day that is replayed, and so all of its past days. */
const DAYS_BEFORE = 31;
/** Leases whose size says how large the budget's requests are. */
const MOST_LEASES = 100;
/** So long it computes before others have their turn. */
const SLICE_MS = 2;
const MOST_COMPUTING_MS = 2_000;

export async function simulatePolicy(
  servicePort: UsagePort,
  budgetId: string,
  { change, days, scale, returns }: SimulationQuery,
  caller: Caller,
  computing: Slices,
): Promise<Simulation | Refused> {
  const outcome = await servicePort.submit(budgetId, { kind: 'get-snapshot' }, caller);
  if (outcome.kind === 'refused') return outcome;
  const { snapshot } = outcome;
  const fields = snapshot.budget.policyFields;
  const candidate = changedPolicy(fields, change);
  if (isRefused(candidate)) return candidate;
  const { before, used } = await pastDays(servicePort, snapshot, days, computing);
  const recordedTokens = Math.round(used.reduce((sum, { total }) => sum + total, 0) * scale);
  const meanTokens = await meanTokensOf(servicePort, snapshot);
  const trace = scaled(usageTrace(used, { meanTokens, mostPerHour: MOST_PER_HOUR }), scale);
  const between = () => {
    if (caller.gone) throw new ArbiterError('CANCELLED', 'the caller has gone');
    return computing.pause();
  };
  computing.begin();
  const asked = { budgetId, fields, change: { fields: candidate }, returns, recordedTokens, before, between };
  return { comparison: await compare(trace, asked), recordedTokens };
}

/** The last closed days, or today if there is none; and the days before them that their first ones went by. */
async function pastDays(
  servicePort: UsagePort,
  snapshot: BudgetSnapshot,
  count: number,
  computing: Slices,
): Promise<{ before: readonly UsageDay[]; used: readonly UsageDay[] }> {
  const today = snapshot.today.day;
  const first = daysBefore(today, count).at(-1) ?? today;
  const days: UsageDay[] = [];
  // A day at a time: to read one of thousands of AIs takes milliseconds.
  for (const day of [...daysBefore(today, count + DAYS_BEFORE).reverse(), today]) {
    days.push(...(await servicePort.usageDays(snapshot, day, day)));
    await computing.turn();
  }
  const closed = days.filter(({ day }) => day >= first && day < today);
  if (closed.length === 0) return { before: [], used: days.filter(({ day }) => day === today) };
  return { before: days.filter(({ day }) => day < first), used: closed };
}

/** Of the latest closed leases; where there is none, what a request reserves, or a hundredth of a day. */
async function meanTokensOf(servicePort: UsagePort, snapshot: BudgetSnapshot): Promise<number> {
  const latest = Math.max(0, snapshot.fence - MOST_LEASES);
  const leases = await servicePort.closedLeases(snapshot, latest, MOST_LEASES);
  const used = leases.map(({ usedTokens }) => usedTokens).filter((tokens) => tokens > 0);
  if (used.length > 0) return Math.round(used.reduce((sum, tokens) => sum + tokens, 0) / used.length);
  const policy = policyInForce(snapshot.budget.policyFields);
  return policy.defaultReservation || Math.max(1, Math.ceil(allowanceOf(policy).dailyMax / 100));
}

/** Computes a little at a time, so that nobody else waits for it, and not for ever. */
export class Slices {
  private startedAt = 0;
  private computedBefore = 0;
  private computedMs = 0;

  constructor(
    private readonly scheduler: Scheduler,
    /** Milliseconds from any start: as they pass, and as this process computes. */
    private readonly time: { readonly monotonic: () => number; readonly computed: () => number },
  ) {}

  begin(): void {
    this.startedAt = this.time.monotonic();
    this.computedBefore = this.time.computed();
  }

  /** To be waited for after each step, where it gives anything. */
  pause(): Promise<void> | undefined {
    if (this.time.monotonic() - this.startedAt < SLICE_MS) return undefined;
    this.computedMs += this.time.computed() - this.computedBefore;
    if (this.computedMs > MOST_COMPUTING_MS) {
      const message = 'the simulation took more than 2 s: ask for fewer days, or use the command replay';
      throw new ArbiterError('QUEUE_FULL', message, 1_000);
    }
    return this.turn();
  }

  /** Others have theirs. */
  turn(): Promise<void> {
    return new Promise((resolve) => {
      this.scheduler.soon(() => {
        this.begin();
        resolve();
      });
    });
  }
}
