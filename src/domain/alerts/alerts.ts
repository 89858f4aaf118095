import type { Policy } from '../model/policy.js';
import type { MonthWindow, StoredAlert, StoredLease } from '../model/state.js';
import { TOKENS } from '../model/unit.js';
import type { Span } from '../time/windows.js';
import { isHappening, owesEnd } from './alert-deliveries.js';
import * as messages from './alert-messages.js';
import type { AlertCondition, AlertRule } from './condition.js';
import { away, type Changed, held, type MarkChange, noticeEndsAt, toldOf } from './notices.js';

/** Marks of windows that are over are kept a while for those who look later, then forgotten. */
const MARK_MEMORY_MS = 72 * 3_600_000;

/** The key of a mark: a rule is raised at most once in a window, or for an AI, a team or a model in it. */
export function alertKey({
  rule,
  windowStart,
  aiId,
  teamId,
  model,
}: Pick<StoredAlert, 'rule' | 'windowStart' | 'aiId' | 'teamId' | 'model'>): string {
  const whose = aiId ?? teamId ?? model;
  return whose === undefined ? `${rule} ${windowStart}` : `${rule} ${windowStart} ${whose}`;
}

/** Marks by their keys. */
export type Marks = Pick<ReadonlyMap<string, StoredAlert>, 'get' | typeof Symbol.iterator>;

/** What the conditions change in the marks. `isSilent`: nothing of a rule is sent now. */
export function updateMarks(
  marks: Marks,
  conditions: readonly AlertCondition[],
  now: number,
  isSilent: (rule: string) => boolean = () => false,
): MarkChange[] {
  const changes: MarkChange[] = [];
  const note = (key: string, changed: Changed | undefined) => {
    if (changed !== undefined) changes.push({ key, ...changed });
  };
  const met = new Map(conditions.map((condition) => [markKey(marks, condition), condition]));
  for (const [key, condition] of met) {
    if (condition.holds) note(key, held(marks.get(key), condition, now, isSilent(condition.rule)));
  }
  for (const [key, mark] of marks) {
    const condition = met.get(key);
    if (mark.epoch === undefined && !condition?.holds) note(key, away(mark, condition, now));
  }
  return changes;
}

/** By which callers name an alert. */
export function alertIdOf(alert: StoredAlert): string {
  return alertKey(alert).split(' ').map(encodeURIComponent).join(':');
}

/** The key of a condition's mark. An hourly alert goes on from hour to hour, as long as its notice stands. */
export function markKey(marks: Marks, condition: AlertCondition): string {
  if (condition.window === 'HOUR') {
    for (const [key, mark] of marks) {
      const same = mark.rule === condition.rule && mark.epoch === undefined && !isHappening(mark);
      if (same && toldOf(mark).endedAt === undefined) return key;
    }
  }
  return alertKey(condition);
}

/**
 * Keys of marks that no condition can meet again: ended, of a window long over. They are dropped, so that marks stay few; but
 * not before everybody who was promised to be told has been, or was given up.
 */
export function forgettableMarks(marks: Marks, month: MonthWindow, now: number): string[] {
  const forgettable: string[] = [];
  for (const [key, mark] of marks) {
    const { endedAt } = toldOf(mark);
    if (endedAt === undefined || isPromised(mark) || owesEnd(mark)) continue;
    const over = mark.window !== 'MONTH' || mark.windowStart < month.start;
    // Of a deleted budget, or of a future that never was: the window that comes under this name is another one.
    const foreign = mark.epoch !== undefined || mark.windowStart > now;
    if (foreign || (over && now - endedAt >= MARK_MEMORY_MS)) forgettable.push(key);
  }
  return forgettable;
}

function isPromised({ deliveries }: StoredAlert): boolean {
  return deliveries?.some(({ status }) => status === 'PENDING') ?? false;
}

/** When the next notice ends if its condition stays away; infinite if none does. */
export function nextNoticeEnd(marks: Iterable<StoredAlert>): number {
  let earliest = Number.POSITIVE_INFINITY;
  for (const mark of marks) earliest = Math.min(earliest, noticeEndsAt(mark));
  return earliest;
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
  readonly zone: string;
  readonly clock: number;
}

/** A lease ran out. `presumed`: what counts as spent until somebody reports. */
export function leaseExpiredAlert(where: Where, lease: StoredLease, presumed: number): StoredAlert {
  return happened('LEASE_EXPIRED', where, {
    value: presumed,
    threshold: 0,
    message: messages.leaseExpired({ unit: where.policy.unit, zone: where.zone }, lease, presumed),
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
  { policy, zone, hour, clock }: Where,
  figures: Pick<StoredAlert, 'value' | 'threshold' | 'message'>,
): StoredAlert {
  const at = { windowStart: hour.start, raisedAt: clock, endedAt: clock };
  return placed({ unit: policy.unit, zone }, { rule, window: 'HOUR', ...at, ...figures, untold: true });
}

/** What whoever is told of it cannot know: what its figures count, where that is not tokens, and its zone, where that is not UTC. */
export function placed({ unit, zone }: messages.Place, alert: StoredAlert): StoredAlert {
  if (unit === TOKENS && zone === 'UTC') return alert;
  return { ...alert, ...(unit !== TOKENS && { unit }), ...(zone !== 'UTC' && { zone }) };
}
