import type { StoredAlert, StoredNotice } from '../model/state.js';
import type { AlertCondition } from './condition.js';

/**
 * What was told of an alert, beside what holds. The condition is what the figures say, at every moment. Its notice is raised when it
 * begins to hold, and ends when it has been away for a while, so that a figure that flutters is told once. It is raised again when the
 * condition comes back after that, or is clearly worse than what was told.
 */

/** A notice ends when its condition has been away for so long. */
const AWAY_MS = 6 * 3_600_000;
/** The same of hourly rules. */
const HOUR_AWAY_MS = 30 * 60_000;

/**
 * - RAISED: its notice was raised, or raised again.
 * - ENDED: its notice ended.
 * - AWAY: its condition no longer holds; the notice stands.
 * - BACK: it holds again, and its notice stood all the time.
 * - HANDLED: somebody acknowledged it or silenced it, or a silence is over.
 */
export type AlertChange = 'RAISED' | 'ENDED' | 'AWAY' | 'BACK' | 'HANDLED';

export interface Changed {
  readonly alert: StoredAlert;
  /** Absent: nothing that anybody is told. */
  readonly change?: AlertChange;
}

export interface MarkChange extends Changed {
  readonly key: string;
}

/** In states from before it was kept, what was told is what held. */
export function toldOf({ notice, raisedAt, endedAt }: StoredAlert): StoredNotice {
  return notice ?? { number: 1, raisedAt, ...(endedAt !== undefined && { endedAt }) };
}

/** A condition that holds, and its mark before, if there is one. */
export function held(
  mark: StoredAlert | undefined,
  condition: AlertCondition,
  now: number,
  isSilent = false,
): Changed | undefined {
  if (mark === undefined) return { alert: raised(condition, now), change: 'RAISED' };
  const told = toldOf(mark);
  const { level } = condition;
  if (told.endedAt !== undefined || isWorse(condition, told)) return raisedAgain(mark, condition, now);
  if (mark.untold && !isSilent) return saidLate(mark, condition, now);
  const notice = level === undefined || told.level !== undefined ? told : { ...told, level: whole(level) };
  if (mark.endedAt === undefined) return notice === told ? undefined : { alert: { ...mark, notice } };
  const { endedAt: _, ...rest } = mark;
  return { alert: { ...rest, raisedAt: now, notice }, change: 'BACK' };
}

/** A level is kept in whole thousandths: every number of a state is whole. */
const PARTS = 1_000;

function whole(level: number): number {
  return Math.round(level * PARTS);
}

function isWorse({ level }: AlertCondition, told: StoredNotice): boolean {
  return level !== undefined && told.level !== undefined && whole(level) >= told.level + PARTS;
}

function raised(condition: AlertCondition, now: number): StoredAlert {
  const { rule, window, windowStart, aiId, teamId } = condition;
  const whose = { ...(aiId !== undefined && { aiId }), ...(teamId !== undefined && { teamId }) };
  return { rule, window, windowStart, ...whose, raisedAt: now, ...toldNow(condition, 1, now) };
}

function raisedAgain(mark: StoredAlert, condition: AlertCondition, now: number): Changed {
  const { acknowledged: _, ...rest } = mark;
  const alert = { ...holdingNow(rest, now), ...toldNow(condition, toldOf(mark).number + 1, now) };
  return { alert, change: 'RAISED' };
}

/** A silence withheld it, and is over: what is said are the figures of now. */
function saidLate(mark: StoredAlert, condition: AlertCondition, now: number): Changed {
  const alert = { ...holdingNow(mark, now), ...toldNow(condition, toldOf(mark).number, now) };
  return { alert, change: mark.endedAt === undefined ? 'HANDLED' : 'BACK' };
}

function holdingNow({ endedAt, unit: _, zone: __, ...rest }: StoredAlert, now: number): StoredAlert {
  return endedAt === undefined ? rest : { ...rest, raisedAt: now };
}

function toldNow(condition: AlertCondition, number: number, now: number) {
  const { value, threshold, level, message } = condition;
  const notice = { number, raisedAt: now, ...(level !== undefined && { level: whole(level) }) };
  return { value, threshold, message: message(), notice, untold: true } as const;
}

/** A condition that does not hold, or is no longer looked at, and its mark. */
export function away(
  mark: StoredAlert,
  condition: AlertCondition | undefined,
  now: number,
): Changed | undefined {
  const told = toldOf(mark);
  if (told.endedAt !== undefined) return undefined;
  // After ResetClock: its window never was.
  if (mark.windowStart > now) return { alert: endedForGood({ ...mark, endedAt: now }, now), change: 'ENDED' };
  if (mark.endedAt === undefined) return { alert: { ...mark, endedAt: now, notice: told }, change: 'AWAY' };
  // After ResetClock it may seem to have ended in the future.
  if (mark.endedAt > now) return { alert: { ...mark, endedAt: now } };
  if (now < noticeEndsAt(mark)) return undefined;
  const notice = { ...told, endedAt: now, ...(condition && { endValue: condition.value }) };
  return { alert: { ...mark, notice }, change: 'ENDED' };
}

/** When its notice ends if its condition stays away; infinite while it holds, or if it has ended. */
export function noticeEndsAt(mark: StoredAlert): number {
  if (mark.endedAt === undefined || toldOf(mark).endedAt !== undefined) return Number.POSITIVE_INFINITY;
  return mark.endedAt + (mark.window === 'HOUR' ? HOUR_AWAY_MS : AWAY_MS);
}

/** Both end at once, whatever the figures say: its budget is deleted. */
export function endedForGood(mark: StoredAlert, now: number): StoredAlert {
  const { untold: _, ...rest } = mark;
  const told = toldOf(mark);
  if (told.endedAt !== undefined) return rest;
  return { ...rest, endedAt: mark.endedAt ?? now, notice: { ...told, endedAt: now } };
}
