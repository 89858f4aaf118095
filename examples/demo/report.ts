import type { Board } from './board.js';
import type { Check } from './books.js';
import { VICTIM } from './crew.js';
import { type Distribution, sum } from './distribution.js';
import { windowBars } from './frame.js';
import { amount, bar, paint, paintAi } from './text.js';
import type { Fate } from './unheard.js';

const WIDTH = 79;

/** The figures of the run, for a person. */
export function distributionReport(distribution: Distribution, board: Board): string[] {
  const { monthly_distribution: month, by_ai: byAi, presumed_tokens: presumed } = distribution;
  const total = month.total_tokens;
  const days = month.daily_usage_data.map(
    ({ date, tokens }) => `   ${date}         ${amount(tokens).padStart(11)}`,
  );
  const hours = distribution.daily_distribution.hourly_usage_data.map(
    ({ hour, tokens }) => `   ${hour}   ${amount(tokens).padStart(11)}`,
  );
  return [
    heading('the distribution (GET /api/token-usage/distribution)'),
    ...byAi.map(({ ai_id: aiId, tokens }) => {
      const share = `${((tokens / Math.max(1, total)) * 100).toFixed(1)}%`.padStart(7);
      const cells = bar(30, Math.max(...byAi.map((row) => row.tokens)), [[tokens, '█', 'blue']]);
      return `   ${paintAi(aiId, 16)}   ${amount(tokens).padStart(11)}${share}   ${cells}`;
    }),
    ...hours,
    ...days,
    `   ${'month'.padEnd(16)}   ${amount(total).padStart(11)}   ${amount(presumed)} of them presumed (${distribution.time_zone})`,
    ...windowBars(board, WIDTH),
  ];
}

export function denialReport(board: Board): string[] {
  const counts = [...board.denials].sort(([, a], [, b]) => b - a);
  const all = sum(counts.map(([, tokens]) => ({ tokens })));
  return [
    heading(`denied ${amount(all)} times by ${counts.length} rules (a denial may name several)`),
    ...counts.map(([name, count]) => `   ${name.padEnd(18)}${amount(count).padStart(6)}`),
  ];
}

export function crashReport({ lost, successor }: Board, fates: readonly Fate[]): string[] {
  if (lost === undefined) return [];
  const next =
    successor &&
    `   its slot went to ${successor.aiId}, ${Math.round(successor.afterMs)} ms after the lease had ended`;
  return [
    heading('the crash'),
    `   ${VICTIM} was killed in slot ${lost.fence}; its session was gone, so its lease ended by itself`,
    `   reported ${amount(lost.usedTokens)} of ${amount(lost.reservedTokens)} tokens; ${amount(lost.presumedTokens)} presumed spent`,
    ...(next === undefined ? [] : [next]),
    ...fates.map(({ usageId, how }) => `   report ${usageId} was under way: it ${how}`),
  ];
}

export function booksReport(all: readonly Check[]): string[] {
  const lines = all.map(({ what, is, shouldBe }) => {
    const sign =
      is === shouldBe ? paint('ok', 'green') : paint(`NO: off by ${amount(is - shouldBe)}`, 'red', 'bold');
    return `   ${what.padEnd(42)}${amount(is).padStart(11)} = ${amount(shouldBe).padStart(11)}   ${sign}`;
  });
  return [heading('the books'), ...lines];
}

function heading(text: string): string {
  return `\n${paint(text, 'bold')}`;
}
