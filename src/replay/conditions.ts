import type { Outcome } from './report.js';

/** A figure of a replay that must not be reached, such as `used<97`. */
export interface Condition {
  readonly text: string;
  holds(outcome: Outcome): boolean;
}

const FIGURES: Readonly<Record<string, (outcome: Outcome) => number>> = {
  lasted: ({ lastedDays }) => lastedDays,
  used: ({ usedPercent }) => usedPercent,
  spread: ({ spreadPercent }) => spreadPercent,
  distance: ({ spreadPercent, clairvoyantSpreadPercent }) => spreadPercent - clairvoyantSpreadPercent,
  least_day: ({ leastDay }) => leastDay?.tokens ?? 0,
  most_day: ({ mostDay }) => mostDay?.tokens ?? 0,
  refused: ({ refusedPercent }) => refusedPercent,
  refused_requests: ({ refused }) => refused.requests,
  refused_tokens: ({ refused }) => refused.tokens,
  wait_p50: ({ waitP50Ms }) => waitP50Ms / 1_000,
  wait_p95: ({ waitP95Ms }) => waitP95Ms / 1_000,
};

export const CONDITION_RULE = `a figure, < or >, and a number, such as 'used<97'; figures are ${Object.keys(FIGURES).join(', ')}`;

/** Undefined if it is none. */
export function parseCondition(text: string): Condition | undefined {
  const [, name = '', sign, limit = ''] =
    /^\s*(\w+)\s*(<=|>=|<|>)\s*(-?\d+(?:\.\d+)?)%?\s*$/.exec(text) ?? [];
  const figure = Object.hasOwn(FIGURES, name) ? FIGURES[name] : undefined;
  if (figure === undefined) return undefined;
  const than = Number(limit);
  return { text, holds: (outcome) => compared(figure(outcome), sign, than) };
}

function compared(value: number, sign: string | undefined, limit: number): boolean {
  switch (sign) {
    case '<':
      return value < limit;
    case '<=':
      return value <= limit;
    case '>':
      return value > limit;
    default:
      return value >= limit;
  }
}
