import type { UsageDay } from '../domain/model/state.js';
import { spreadPercent, toHundredths, usageFigures } from '../domain/statistics/spread.js';
import { dayOfMonth, daysInMonth, monthOfDay } from '../domain/time/calendar.js';
import { clairvoyantSpread } from './clairvoyant.js';
import type { Replay } from './replay.js';
import type { FirstRefusal, Tally } from './tallies.js';

/** What became of a trace under one policy. */
export interface Outcome {
  readonly days: readonly DayOutcome[];
  readonly months: readonly MonthOutcome[];
  /** The days that the shortest month lasted before the month itself refused; of one that was not dry, all of its days. */
  readonly lastedDays: number;
  /** Percent of what may be granted, in the months or parts of months that the trace has. */
  readonly usedPercent: number;
  readonly usedTokens: number;
  /** Means over the months. */
  readonly spreadPercent: number;
  readonly clairvoyantSpreadPercent: number;
  readonly leastDay: DayOutcome | undefined;
  readonly mostDay: DayOutcome | undefined;
  readonly asked: Tally;
  readonly granted: Tally;
  readonly refused: Tally;
  readonly refusedPercent: number;
  /** A request that several rules refuse counts under each. Most tokens first, as everywhere. */
  readonly byRule: readonly ({ readonly rule: string } & Tally)[];
  readonly byAi: readonly AiOutcome[];
  readonly firstRefusal: FirstRefusal | undefined;
  readonly waitP50Ms: number;
  readonly waitP95Ms: number;
}

export interface DayOutcome {
  readonly day: string;
  readonly tokens: number;
  /** What was asked for on it. */
  readonly demand: number;
}

export interface MonthOutcome {
  readonly month: string;
  readonly days: number;
  readonly lastedDays: number;
  /** The month itself refused before its last day here. */
  readonly isDry: boolean;
  readonly usedTokens: number;
  readonly usedPercent: number;
  readonly spreadPercent: number;
  readonly clairvoyantSpreadPercent: number;
}

export interface AiOutcome {
  readonly aiId: string;
  readonly asked: Tally;
  readonly granted: Tally;
  readonly refused: Tally;
}

/** Figures of a replay that has ended. `days`: what it left, its first days as those who came before left them included. */
export function outcomeOf(replay: Replay, used: readonly UsageDay[], from = ''): Outcome {
  const days = everyDay(replay, used).filter(({ day }) => day >= from);
  const months = monthsOf(replay, days);
  const { tallies, waits } = replay;
  const usedTokens = sum(days.map(({ tokens }) => tokens));
  const mayBe = sum(months.map(({ month, days }) => (replay.grantable * days) / daysInMonth(month)));
  const inUse = days.filter(({ tokens }) => tokens > 0).sort((a, b) => a.tokens - b.tokens);
  return {
    ...{ days, months, usedTokens, leastDay: inUse[0], mostDay: inUse.at(-1) },
    lastedDays: Math.min(...months.map(({ lastedDays }) => lastedDays), Number.MAX_SAFE_INTEGER),
    usedPercent: percent(usedTokens, mayBe),
    spreadPercent: mean(months.map((month) => month.spreadPercent)),
    clairvoyantSpreadPercent: mean(months.map((month) => month.clairvoyantSpreadPercent)),
    ...{ asked: tallies.asked, granted: tallies.granted, refused: tallies.refused },
    refusedPercent: percent(tallies.refused.tokens, tallies.refused.tokens + tallies.granted.tokens),
    byRule: mostFirst([...tallies.byRule].map(([rule, tally]) => ({ rule, ...tally }))),
    byAi: [...tallies.byAi]
      .map(([aiId, tally]) => ({ aiId, ...tally }))
      .sort((a, b) => b.asked.tokens - a.asked.tokens),
    firstRefusal: tallies.first,
    waitP50Ms: waits.percentile(50),
    waitP95Ms: waits.percentile(95),
  };
}

function everyDay({ demand }: Replay, used: readonly UsageDay[]): DayOutcome[] {
  const totals = new Map(used.map(({ day, total }) => [day, total]));
  const names = [...new Set([...totals.keys(), ...demand.keys()])].sort();
  return names.map((day) => ({ day, tokens: totals.get(day) ?? 0, demand: demand.get(day) ?? 0 }));
}

function monthsOf(replay: Replay, days: readonly DayOutcome[]): MonthOutcome[] {
  const keys = [...new Set(days.map(({ day }) => monthOfDay(day)))];
  return keys.map((month) => {
    const own = days.filter(({ day }) => monthOfDay(day) === month);
    const [first, last] = [own[0]?.day ?? '', own.at(-1)?.day ?? ''];
    const span = dayOfMonth(last) - dayOfMonth(first) + 1;
    const dryDay = replay.dry.get(month);
    const usedTokens = sum(own.map(({ tokens }) => tokens));
    return {
      ...{ month, days: span, isDry: dryDay !== undefined && dryDay < last, usedTokens },
      lastedDays: dryDay === undefined ? span : dayOfMonth(dryDay) - dayOfMonth(first) + 1,
      usedPercent: percent(usedTokens, (replay.grantable * span) / daysInMonth(month)),
      spreadPercent: toHundredths(spreadPercent(usageFigures(own.map(({ tokens }) => tokens)))),
      clairvoyantSpreadPercent: toHundredths(
        clairvoyantSpread(
          own.map(({ demand }) => demand),
          usedTokens,
        ),
      ),
    };
  });
}

function mostFirst<T extends Tally>(entries: readonly T[]): T[] {
  return [...entries].sort((a, b) => b.tokens - a.tokens);
}

function percent(part: number, whole: number): number {
  return whole > 0 ? toHundredths((part / whole) * 100) : 0;
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : toHundredths(sum(values) / values.length);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
