import { clairvoyantSpread } from '../../src/replay/clairvoyant.js';
import { GRANTABLE } from './default-policy.js';
import type { DemandKind } from './demand.js';
import { type Month, type OutcomeRule, RULES, runMonth } from './run-month.js';

/** What became of a month, or of several on average. */
export interface Figures {
  readonly usedPercent: number;
  /** Over the days with usage. */
  readonly spreadPercent: number;
  readonly leastDay: number;
  /** What one who knew the future would have had with the same use. */
  readonly clairvoyantPercent: number;
  /** The earliest day on which a month ran dry. */
  readonly dry?: number;
}

export interface Row {
  readonly name: string;
  readonly factor?: number;
  readonly rules: ReadonlyMap<OutcomeRule, Figures>;
  readonly months: ReadonlyMap<OutcomeRule, readonly Month[]>;
}

export async function rowOf(kind: DemandKind, factor?: number): Promise<Row> {
  const rules = new Map<OutcomeRule, Figures>();
  const all = new Map<OutcomeRule, readonly Month[]>();
  const demands = kind.months(GRANTABLE * (factor ?? 1));
  for (const rule of RULES) {
    const months: Month[] = [];
    for (const demand of demands) months.push(await runMonth(rule, demand));
    all.set(rule, months);
    rules.set(rule, meanOf(months.map(figuresOf)));
  }
  return { name: kind.name, ...(factor !== undefined && { factor }), rules, months: all };
}

function figuresOf({ days, demand, dry }: Month): Figures {
  const used = days.reduce((sum, tokens) => sum + tokens, 0);
  const withUsage = days.filter((tokens) => tokens > 0);
  const [most, least] = [Math.max(...withUsage), Math.min(...withUsage)];
  return {
    usedPercent: (100 * used) / GRANTABLE,
    spreadPercent: (100 * (most - least)) / most,
    leastDay: Math.min(...days),
    clairvoyantPercent: clairvoyantSpread(demand, used),
    ...(dry !== undefined && { dry }),
  };
}

function meanOf(months: readonly Figures[]): Figures {
  const mean = (of: (figures: Figures) => number) =>
    months.reduce((sum, one) => sum + of(one), 0) / months.length;
  const dry = months.map((month) => month.dry).filter((day) => day !== undefined);
  return {
    usedPercent: mean((month) => month.usedPercent),
    spreadPercent: mean((month) => month.spreadPercent),
    leastDay: Math.round(mean((month) => month.leastDay)),
    clairvoyantPercent: mean((month) => month.clairvoyantPercent),
    ...(dry.length > 0 && { dry: Math.min(...dry) }),
  };
}
