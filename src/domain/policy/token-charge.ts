import { percentUnits } from '../model/percent.js';
import { TOKEN_KINDS, type TokenCounts } from '../model/types.js';
import type { TokenWeights } from './policy-fields.js';

/** An exact charge: whole tokens and millionths of a token. */
export interface TokenCharge {
  readonly whole: number;
  /** 0 to 999,999. */
  readonly millionths: number;
}

const MILLION = 1_000_000;
/** 100 percent in units of 0.0001 percent, which are millionths of a token per token. */
const FULL = MILLION;

/** What a report counts: each kind of token times its weight. Exact: weights have at most 4 decimal places of a percent. */
export function chargeOf(tokens: TokenCounts, weights: TokenWeights): TokenCharge {
  let whole = 0;
  let weighted = 0;
  for (const kind of TOKEN_KINDS) {
    const count = tokens[kind];
    if (count === 0) continue;
    const units = percentUnits(weights[kind]);
    if (units === FULL) whole += count;
    else weighted += count * units;
  }
  // Each product is at most their sum: if that is exact, so is each of them.
  if (!Number.isSafeInteger(weighted)) return hugeCharge(tokens, weights);
  const millionths = weighted % MILLION;
  return { whole: whole + (weighted - millionths) / MILLION, millionths };
}

function hugeCharge(tokens: TokenCounts, weights: TokenWeights): TokenCharge {
  let weighted = 0n;
  for (const kind of TOKEN_KINDS) weighted += BigInt(tokens[kind]) * BigInt(percentUnits(weights[kind]));
  return { whole: Number(weighted / BigInt(MILLION)), millionths: Number(weighted % BigInt(MILLION)) };
}

/** A sum of charges, rounded up once: `tokens`, and how many millionths the exact sum is below it. */
export interface RoundedSum {
  readonly tokens: number;
  readonly roundedUp: number;
}

export function addCharge(sum: RoundedSum, charge: TokenCharge): RoundedSum {
  if (charge.millionths <= sum.roundedUp) {
    return { tokens: sum.tokens + charge.whole, roundedUp: sum.roundedUp - charge.millionths };
  }
  return {
    tokens: sum.tokens + charge.whole + 1,
    roundedUp: sum.roundedUp + MILLION - charge.millionths,
  };
}
