import { isNamedToday, tokensToday } from '../../ledger/accounts.js';
import { beyondPacing } from '../../ledger/kept-windows.js';
import type { Ledger } from '../../ledger/ledger.js';
import type { HourOfGrants } from '../../ledger/slots.js';
import { unspentInWindows } from '../../ledger/slots.js';
import { inDay, inHour, inMonth, left, type Standing, type WindowFigures } from '../../ledger/standing.js';
import { MAX_AIS } from '../../model/limits.js';
import { percentOf } from '../../model/percent.js';
import type { Blocker, Rule, WindowKind, Writable } from '../../model/types.js';
import { inUnit, withUnit } from '../../model/unit.js';
import { amount } from '../../model/wording.js';
import type { Cap } from '../../policy/pacing.js';
import { committed, firstDayThatAdmits, firstHourThatAdmits } from './later-windows.js';

const UNNAMED = `beyond the ${amount(MAX_AIS)} that a day names`;

/**
 * What a cap is asked for. Of a raise only what it adds is `requested`, but what the lease would then hold `inAll` must fit
 * the window: if it never does, no waiting helps.
 */
export interface Demand {
  readonly requested: number;
  readonly inAll: number;
}

/** Who asks, and for which model if that was said. */
export interface Asker {
  readonly aiId: string;
  readonly model?: string;
}

/** One cap of admission: why it refuses, and how much it leaves. The list of them is in `room.ts`. */
export interface AdmissionCap {
  /** Why it refuses; undefined if it admits. */
  readonly refuses: (ledger: Ledger, standing: Standing, asker: Asker, demand: Demand) => Blocker | undefined;
  /** The most that it admits now, in tokens: it refuses what is more, and nothing else. Infinity where it does not bind. */
  readonly leaves: (ledger: Ledger, standing: Standing, asker: Asker) => number;
}

/** The hour's cap. */
export const hourlyCap: AdmissionCap = {
  leaves: (ledger, standing, { aiId }) => {
    const paced = left(standing.hour);
    if (ledger.guarantees === undefined || standing.hour.cap.loweredBy === undefined) return paced;
    const beyond = beyondPacing(ledger, standing, ledger.scopes?.teamOf(aiId));
    return Math.max(paced, Math.min(left(unpacedHour(ledger, standing)), beyond));
  },
  refuses: (ledger, standing, { aiId }, demand) => {
    if (admits(standing.hour, demand)) return undefined;
    const isBeyond =
      standing.hour.cap.loweredBy !== undefined &&
      demand.requested <= beyondPacing(ledger, standing, ledger.scopes?.teamOf(aiId));
    const figures = isBeyond ? unpacedHour(ledger, standing) : standing.hour;
    if (isBeyond && admits(figures, demand)) return undefined;
    return capBlocker(ledger, {
      rule: 'HOURLY_CAP',
      window: 'HOUR',
      name: 'this hour',
      figures,
      demand,
      holders: inHour(ledger.hour.start),
      largest: ledger.largest.hour,
      later: () => firstHourThatAdmits(ledger, demand.requested, committed(ledger)),
    });
  },
};

/** The hour without what pacing takes from it. */
export function unpacedHour({ allowance }: Ledger, { hour }: Standing): WindowFigures {
  return { ...hour, cap: { tokens: allowance.hourlyMax } };
}

/** The day's cap in force. */
export const dailyCap: AdmissionCap = {
  leaves: (_ledger, standing) => left(standing.day),
  refuses: (ledger, standing, _asker, demand) => {
    if (admits(standing.day, demand)) return undefined;
    return capBlocker(ledger, {
      rule: 'DAILY_CAP',
      window: 'DAY',
      name: 'today',
      figures: standing.day,
      demand,
      holders: inDay(ledger.today.day),
      largest: ledger.largest.day,
      later: () => firstDayThatAdmits(ledger, (cap) => demand.requested <= cap, committed(ledger)),
    });
  },
};

/** One AI's share of the day's cap, so that one AI cannot take the whole day. */
export const aiDailyCap: AdmissionCap = {
  leaves: (ledger, standing, { aiId }) => {
    const figures = aiDayFigures(ledger, standing, aiId);
    return figures === undefined ? Number.POSITIVE_INFINITY : left(figures);
  },
  refuses: (ledger, standing, { aiId }, demand) => {
    const figures = aiDayFigures(ledger, standing, aiId);
    if (figures === undefined || admits(figures, demand)) return undefined;
    const percent = aiDailyPercent(ledger, aiId);
    return capBlocker(ledger, {
      rule: 'AI_DAILY_CAP',
      window: 'DAY',
      name: isNamedToday(ledger, aiId) ? `${aiId} today` : `${aiId} and all AIs ${UNNAMED} today`,
      figures,
      demand,
      largest: percentOf(ledger.largest.day, percent),
      later: () =>
        firstDayThatAdmits(ledger, (cap) => demand.requested <= percentOf(cap, percent), committed(ledger)),
      firstHolder: () => firstExpiryToday(ledger, aiId),
    });
  },
};

/** The enforced limit of the month. */
export const monthlyCap: AdmissionCap = {
  leaves: (_ledger, standing) => left(standing.month),
  refuses: (ledger, standing, _asker, demand) => {
    if (admits(standing.month, demand)) return undefined;
    return capBlocker(ledger, {
      rule: 'MONTHLY_CAP',
      window: 'MONTH',
      name: 'this month',
      figures: standing.month,
      demand,
      holders: inMonth(ledger.month.key),
      largest: ledger.largest.month,
      later: () => ledger.month.end,
    });
  },
};

/** What one AI has of today, undefined where the rule is off for it. */
export function aiDayFigures(ledger: Ledger, standing: Standing, aiId: string): WindowFigures | undefined {
  const percent = aiDailyPercent(ledger, aiId);
  if (percent === 100) return undefined;
  const day = ledger.today.day;
  const spent = tokensToday(ledger, aiId);
  const reserved = ledger.slots.reservedOf(aiId, day);
  const { tokens, loweredBy } = standing.day.cap;
  const own = percentOf(tokens, percent);
  const cap: Cap = loweredBy === undefined ? { tokens: own } : { tokens: own, loweredBy };
  return { spent, reserved, cap };
}

export function aiDailyPercent({ policy }: Ledger, aiId: string): number {
  return policy.maxDailyPercentByAi.get(aiId) ?? policy.maxDailyPercentPerAi;
}

function firstExpiryToday(ledger: Ledger, aiId: string): number | undefined {
  const ends = [...ledger.slots.fencesOf(aiId)]
    .map((fence) => ledger.lease(fence))
    .filter((lease) => lease?.day === ledger.today.day && unspentInWindows(lease) > 0)
    .map((lease) => lease?.expiresAt ?? 0);
  return ends.length === 0 ? undefined : Math.min(...ends);
}

/** All that a cap's refusal is put together from. */
export interface CapCheck {
  readonly rule: Rule;
  readonly window: WindowKind;
  readonly scope?: string;
  readonly name: string;
  readonly figures: WindowFigures;
  readonly demand: Demand;
  /** Whose reservations count in the window; or when the first holder ends. */
  readonly holders?: (hour: HourOfGrants) => boolean;
  /** The most that any window ever admits: a request above it can never be admitted. */
  readonly largest: number;
  readonly later: () => number | undefined;
  readonly firstHolder?: () => number | undefined;
}

/** Asked before anything of a refusal is put together: most requests are admitted. */
export function admits(
  { spent, reserved, cap }: WindowFigures,
  { requested }: Pick<Demand, 'requested'>,
): boolean {
  return spent + reserved + requested <= cap.tokens;
}

/** A cap's refusal, with when it would admit. */
export function capBlocker(ledger: Ledger, check: CapCheck): Blocker {
  const { rule, window, scope, name, figures, largest } = check;
  const { requested, inAll } = check.demand;
  const { spent, reserved, cap } = figures;
  const permanent = inAll > largest;
  const availableAt = permanent ? undefined : whenFree(ledger, check);
  // Of a team or of models an operator sets the part itself.
  const advice = scope === undefined ? `ask for less${otherPreset(ledger)}` : 'ask for less';
  const { unit } = ledger.policy;
  const message =
    `${name}: ${inUnit(unit, spent)} spent + ${inUnit(unit, reserved)} reserved + ${inUnit(unit, requested)} requested ` +
    `is above the cap of ${withUnit(unit, cap.tokens)}` +
    (cap.loweredBy === undefined ? '' : ` (${cap.loweredBy})`) +
    (permanent ? `; no window admits as much: ${advice}` : '');
  const blocker: Writable<Blocker> = { rule, window, limit: cap.tokens, spent, reserved, requested, message };
  if (scope !== undefined) blocker.scope = scope;
  if (availableAt !== undefined) blocker.availableAt = availableAt;
  if (permanent) blocker.permanent = permanent;
  return blocker;
}

/** A budget whose requests are single calls may stand under defaults that are made for other work. */
function otherPreset({ policyFields: { preset } }: Ledger): string {
  if (preset?.name === 'CALLS') return '';
  return ', or let an operator choose the preset CALLS, made for single LLM calls';
}

/** A holder may give back what is only reserved; what is spent stays until the window ends. */
function whenFree(
  ledger: Ledger,
  { figures, demand, holders, later, firstHolder }: CapCheck,
): number | undefined {
  if (figures.spent + demand.requested > figures.cap.tokens) return later();
  if (firstHolder !== undefined) return firstHolder();
  return holders && ledger.slots.firstHolder(holders)?.expiresAt;
}
