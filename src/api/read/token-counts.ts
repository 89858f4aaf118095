import { NUMBERS } from '../../domain/model/field-limits.js';
import type { TokenCounts } from '../../domain/model/types.js';
import type { TokenCounts as TokenCountsMessage } from '../../gen/budgetarbiter/v1/budget.js';
import type { Checks } from './checks.js';

/** The paths of the fields of a `TokenCounts`, made once. */
export type CountPaths = { readonly [K in keyof TokenCounts]: string };

export function countPathsOf(field: string): CountPaths {
  return {
    input: `${field}.input_tokens`,
    output: `${field}.output_tokens`,
    cacheRead: `${field}.cache_read_tokens`,
    cacheWrite: `${field}.cache_write_tokens`,
    reasoning: `${field}.reasoning_tokens`,
    total: `${field}.total_tokens`,
  };
}

/** Tokens by kind, or in all. */
export function readTokenCounts(checks: Checks, paths: CountPaths, counts: TokenCountsMessage): TokenCounts {
  const { countedTokens } = NUMBERS;
  const tokens = {
    input: checks.amount(paths.input, counts.inputTokens, countedTokens),
    output: checks.amount(paths.output, counts.outputTokens, countedTokens),
    cacheRead: checks.amount(paths.cacheRead, counts.cacheReadTokens, countedTokens),
    cacheWrite: checks.amount(paths.cacheWrite, counts.cacheWriteTokens, countedTokens),
    reasoning: checks.amount(paths.reasoning, counts.reasoningTokens, countedTokens),
    total: checks.amount(paths.total, counts.totalTokens, countedTokens),
  };
  const kinds = tokens.input || tokens.output || tokens.cacheRead || tokens.cacheWrite || tokens.reasoning;
  if (tokens.total !== 0 && kinds !== 0)
    checks.fail(paths.total, 'must be 0 where kinds are given: give the kinds, or the total alone');
  return tokens;
}
