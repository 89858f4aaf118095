import { TokenCounts } from '../gen/budgetarbiter/v1/budget.js';

/** Tokens by kind. The kinds are disjoint: a token counts in one of them. Either the kinds, or `total` alone. */
export interface TokenUsage {
  /** Prompt tokens, without those read from or written to a cache. */
  readonly input?: number | undefined;
  /** Prompt tokens read from a cache. */
  readonly cacheRead?: number | undefined;
  /** Prompt tokens written to a cache. */
  readonly cacheWrite?: number | undefined;
  /** Completion tokens, without reasoning. */
  readonly output?: number | undefined;
  /** Reasoning tokens. */
  readonly reasoning?: number | undefined;
  /** All of them together, where only that is known. */
  readonly total?: number | undefined;
}

const KINDS = ['input', 'cacheRead', 'cacheWrite', 'output', 'reasoning', 'total'] as const;

/** Whether it is counts by these names, and nothing else but perhaps a model. */
export function isTokenUsage(value: unknown): value is TokenUsage {
  if (typeof value !== 'object' || value === null) return false;
  const kinds = KINDS.filter((kind) => (value as TokenUsage)[kind] !== undefined);
  return kinds.length > 0 && kinds.every((kind) => typeof (value as TokenUsage)[kind] === 'number');
}

export function tokenCounts(usage: TokenUsage): TokenCounts {
  return TokenCounts.fromPartial({
    inputTokens: whole(usage.input),
    outputTokens: whole(usage.output),
    cacheReadTokens: whole(usage.cacheRead),
    cacheWriteTokens: whole(usage.cacheWrite),
    reasoningTokens: whole(usage.reasoning),
    totalTokens: whole(usage.total),
  });
}

/** Estimates may be fractions, and a difference of counts that disagree below zero. */
export function whole(count: number | null | undefined): number {
  return typeof count === 'number' && count > 0 ? Math.min(Math.ceil(count), Number.MAX_SAFE_INTEGER) : 0;
}
