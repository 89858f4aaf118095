import type { StackData } from '../src/http/dashboard/page-data.js';
import type { Amounts } from './format.js';

/** Of the rest first, then of each name. */
export function partColours({ names }: StackData): string[] {
  return ['--stack-0', ...names.map((_, at) => `--stack-${at + 1}`)];
}

export function othersText({ by, names }: StackData): string {
  if (names.length === 0) return 'spent';
  return { ai: 'other AIs', model: 'other models', team: 'AIs in no team' }[by];
}

/** Who spent a day, the most first. */
export function partsText(
  stack: StackData,
  parts: readonly number[],
  total: number,
  amounts: Amounts,
): string {
  const others = total - parts.reduce((sum, part) => sum + part, 0);
  const named = stack.names.map((name, at) => [name, parts[at] ?? 0] as const);
  const all = [...named, [othersText(stack), others] as const]
    .filter(([, amount]) => amount > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([name, amount]) => `${name} ${amounts.text(amount)}`);
  return stack.names.length === 0 || all.length === 0 ? '' : ` (${all.join(', ')})`;
}
