import type { Policy } from '../model/policy.js';
import type { MonthWindow, StoredAlert, StoredLease } from '../model/state.js';
import { TOKENS } from '../model/unit.js';
import type { Span } from '../time/windows.js';
import type { AlertCondition, AlertRule } from './alert-conditions.js';
import * as messages from './alert-messages.js';

/** Marks of windows that are over are kept a while for those who look later, then forgotten. */
const MARK_MEMORY_MS = 72 * 3_600_000;

/** The key of a mark: a rule is raised at most once in a window, or for a model in it. */
export function alertKey({
  rule,
  windowStart,
  model,
}: {
  readonly rule: string;
  readonly windowStart: number;
  readonly model?: string;
}): string {
  return model === undefined ? `${rule} ${windowStart}` : `${rule} ${windowStart} ${model}`;
}

/** Marks by their keys. */
export type Marks = Pick<ReadonlyMap<string, StoredAlert>, 'has' | typeof Symbol.iterator>;

export interface MarkChanges {
  readonly raise: StoredAlert[];
  /** Marks that were raised before, now with `endedAt`. */
  readonly end: StoredAlert[];
}

/** What the conditions change in the marks. One that has ended stays so in its window: a figure that flutters alerts once. */
export function updateMarks(marks: Marks, conditions: readonly AlertCondition[], now: number): MarkChanges {
  const holding = new Set<string>();
  const changes: MarkChanges = { raise: [], end: [] };
  for (const condition of conditions) {
    if (!condition.holds) continue;
    const key = alertKey(condition);
    holding.add(key);
    if (!marks.has(key)) changes.raise.push(raised(condition, now));
  }
  for (const [key, mark] of marks) {
    if (mark.endedAt === undefined && !holding.has(key)) changes.end.push({ ...mark, endedAt: now });
  }
  return changes;
}

function raised(
  { rule, window, windowStart, value, threshold, message }: AlertCondition,
  now: number,
): StoredAlert {
  return { rule, window, windowStart, raisedAt: now, value, threshold, message: message() };
}

/**
 * Keys of marks that no condition can meet again: ended, of a window long over. They are dropped, so that marks stay few; but
 * not before everybody who was promised to be told has been, or was given up.
 */
export function forgettableMarks(marks: Marks, month: MonthWindow, now: number): string[] {
  const forgettable: string[] = [];
  for (const [key, mark] of marks) {
    if (mark.endedAt === undefined || isPromised(mark)) continue;
    const over = mark.window !== 'MONTH' || mark.windowStart < month.start;
    // Of a deleted budget, or of a future that never was: the window that comes under this name is another one.
    const foreign = mark.epoch !== undefined || mark.windowStart > now;
    if (foreign || (over && now - mark.endedAt >= MARK_MEMORY_MS)) forgettable.push(key);
  }
  return forgettable;
}

function isPromised({ deliveries }: StoredAlert): boolean {
  return deliveries?.some(({ status }) => status === 'PENDING') ?? false;
}

/** It may end without anybody asking for anything: its hour is over, or the month goes on at a lower rate. */
export function mayEndByTime({ rule, window, endedAt }: StoredAlert): boolean {
  return endedAt === undefined && (window === 'HOUR' || rule === 'EXHAUSTION_FORECAST');
}

/** It is over with the day that goes on. */
export function endsWithDay({ window, endedAt }: StoredAlert): boolean {
  return endedAt === undefined && window === 'DAY';
}

/** Where something happens: the budget, as a decision finds it. */
interface Where {
  readonly month: Pick<MonthWindow, 'start'>;
  readonly policy: Pick<Policy, 'unit'>;
  readonly hour: Span;
  readonly clock: number;
}

/** A lease ran out. `presumed`: what counts as spent until somebody reports. */
export function leaseExpiredAlert(where: Where, lease: StoredLease, presumed: number): StoredAlert {
  return happened('LEASE_EXPIRED', where, {
    value: presumed,
    threshold: 0,
    message: messages.leaseExpired(where.policy.unit, lease, presumed),
  });
}

/** A report took a lease above its reservation. `lease`: after the report. `overrun`: how far the report took it above. */
export function overrunAlert(where: Where, lease: StoredLease, overrun: number): StoredAlert {
  return happened('OVERRUN', where, {
    value: lease.used,
    threshold: lease.reserved,
    message: messages.overrun(where.policy.unit, lease, overrun),
  });
}

/** A report of a model without weights of its own; once in its month. `tokens`: what it was charged. */
export function unpricedModelAlert(where: Where, model: string, tokens: number): StoredAlert {
  const { policy, month } = where;
  const message = messages.unpricedModel(policy.unit, model, tokens);
  const happening = happened('UNPRICED_MODEL', where, { value: tokens, threshold: 0, message });
  return { ...happening, window: 'MONTH', windowStart: month.start, model };
}

/** An event is over as soon as it has happened; its mark keeps the same event from alerting again within the hour. */
function happened(
  rule: AlertRule,
  { policy, hour, clock }: Where,
  figures: Pick<StoredAlert, 'value' | 'threshold' | 'message'>,
): StoredAlert {
  const at = { windowStart: hour.start, raisedAt: clock, endedAt: clock };
  return counting(policy.unit, { rule, window: 'HOUR', ...at, ...figures });
}

/** An alert says what its figures count, where that is not tokens: whoever is told of it knows nothing of the budget. */
export function counting(unit: string, alert: StoredAlert): StoredAlert {
  return unit === TOKENS ? alert : { ...alert, unit };
}
