import { NUMBERS } from '../../domain/model/field-limits.js';
import type { TokenCounts } from '../../domain/model/types.js';
import { amount } from '../../domain/model/wording.js';
import type { TokenCounts as TokenCountsMessage } from '../../gen/budgetarbiter/v1/budget.js';
import type { Checks } from './checks.js';
import { countPathsOf, readTokenCounts } from './token-counts.js';

const EXPECTED_COUNTS = countPathsOf('expected');

/** How much a request for a slot, or for what it would meet, asks for. */
export interface AskedTokens {
  readonly estimatedTokens: number | undefined;
  readonly expected: TokenCounts | undefined;
  readonly atLeastTokens: number | undefined;
}

interface AskedMessage {
  readonly estimatedTokens?: number | undefined;
  readonly expected?: TokenCountsMessage | undefined;
  readonly atLeastTokens?: number | undefined;
}

/** What `expected` comes to, and whether it is no less than `at_least_tokens`, only the budget's policy can say. */
export function readAskedTokens(checks: Checks, message: AskedMessage): AskedTokens {
  const { estimatedTokens, atLeastTokens } = message;
  if (estimatedTokens !== undefined)
    checks.amount('estimated_tokens', estimatedTokens, NUMBERS.estimatedTokens);
  const expected = message.expected && readExpected(checks, message.expected);
  if (expected !== undefined && estimatedTokens !== undefined)
    checks.fail('expected', 'must not be given beside estimated_tokens: give one of the two');
  if (atLeastTokens !== undefined) {
    checks.amount('at_least_tokens', atLeastTokens, NUMBERS.atLeastTokens);
    if (estimatedTokens !== undefined && atLeastTokens > estimatedTokens) {
      const asked = `what is asked for, estimated_tokens of ${amount(estimatedTokens)}`;
      checks.fail('at_least_tokens', `must be at most ${asked}; it is ${amount(atLeastTokens)}`);
    }
  }
  return { estimatedTokens, expected, atLeastTokens };
}

function readExpected(checks: Checks, message: TokenCountsMessage): TokenCounts {
  const counts = readTokenCounts(checks, EXPECTED_COUNTS, message);
  if (Object.values(counts).every((count) => count === 0))
    checks.fail('expected', 'must count at least one token; every count in it is 0');
  return counts;
}
