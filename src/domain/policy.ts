import type { TokenCounts } from './types.js';

export type Pacing = 'NONE' | 'FLOOR' | 'EVEN';
export type Mode = 'ENFORCE' | 'OBSERVE';
export type OnExpiry = 'CHARGE' | 'REFUND';

/** What one token of a kind counts, in percent with at most 4 decimal places. */
export type TokenWeights = { readonly [K in keyof TokenCounts]: number };

/** A policy in force: every default filled in. */
export interface Policy {
  readonly monthlyLimit: number;
  readonly enforcedPercent: number;
  readonly maxDailyPercent: number;
  readonly maxHourlyPercent: number;
  readonly minDailyPercent: number;
  readonly pacing: Pacing;
  readonly mode: Mode;
  readonly maxDailyPercentPerAi: number;
  readonly maxDailyPercentByAi: ReadonlyMap<string, number>;
  /** 0: no such limit. */
  readonly maxRequestTokens: number;
  /** 0: the monthly limit. */
  readonly maxReportTokens: number;
  readonly cooldownMs: number;
  readonly maxConcurrent: number;
  readonly maxConcurrentPerAi: number;
  readonly sessionGraceMs: number;
  readonly leaseTtlMs: number;
  readonly maxLeaseDurationMs: number;
  /** 0: what the tightest window has left, divided among the free slots. */
  readonly defaultReservation: number;
  readonly minReservation: number;
  /** The least that any lease reserves at its grant; 0: no such least. */
  readonly minEstimate: number;
  readonly onExpiry: OnExpiry;
  readonly lateReportGraceMs: number;
  readonly tokenWeights: TokenWeights;
  readonly tokenWeightsByModel: ReadonlyMap<string, TokenWeights>;
  readonly timeZone: string;
  readonly warningPercent: number;
  readonly criticalPercent: number;
  readonly emergencyPercent: number;
  readonly fallbackBudgetIds: readonly string[];
}

/**
 * A policy as it was set, in plain JSON: an absent field follows the default. Maps keyed by callers' names are lists of
 * pairs in the order of the names, so that no store meets such a name as a field.
 */
export type PolicyFields = {
  readonly [K in Exclude<keyof Policy, MapField>]?: K extends 'tokenWeights'
    ? Partial<TokenWeights>
    : Policy[K];
} & {
  readonly maxDailyPercentByAi?: readonly (readonly [string, number])[];
  readonly tokenWeightsByModel?: readonly (readonly [string, Partial<TokenWeights>])[];
};

type MapField = 'maxDailyPercentByAi' | 'tokenWeightsByModel';

const FULL_WEIGHTS: TokenWeights = {
  input: 100,
  output: 100,
  cacheRead: 100,
  cacheWrite: 100,
  reasoning: 100,
  total: 100,
};

export const DEFAULT_POLICY: Policy = {
  monthlyLimit: 200_000,
  enforcedPercent: 70,
  maxDailyPercent: 8,
  maxHourlyPercent: 0.5,
  minDailyPercent: 2,
  pacing: 'FLOOR',
  mode: 'ENFORCE',
  maxDailyPercentPerAi: 100,
  maxDailyPercentByAi: new Map(),
  maxRequestTokens: 0,
  maxReportTokens: 0,
  cooldownMs: 300_000,
  maxConcurrent: 2,
  maxConcurrentPerAi: 1,
  sessionGraceMs: 10_000,
  leaseTtlMs: 120_000,
  maxLeaseDurationMs: 3_600_000,
  defaultReservation: 0,
  minReservation: 100,
  minEstimate: 0,
  onExpiry: 'CHARGE',
  lateReportGraceMs: 3_600_000,
  tokenWeights: FULL_WEIGHTS,
  tokenWeightsByModel: new Map(),
  timeZone: 'UTC',
  warningPercent: 80,
  criticalPercent: 95,
  emergencyPercent: 98,
  fallbackBudgetIds: [],
};

/** Fills in every default. */
export function policyInForce(fields: PolicyFields): Policy {
  const { maxDailyPercentByAi, tokenWeights, tokenWeightsByModel, ...simple } = fields;
  const weights = { ...FULL_WEIGHTS, ...tokenWeights };
  return {
    ...DEFAULT_POLICY,
    ...simple,
    maxDailyPercentByAi: new Map(maxDailyPercentByAi),
    tokenWeights: weights,
    tokenWeightsByModel: new Map(tokenWeightsByModel?.map(([model, own]) => [model, { ...weights, ...own }])),
  };
}
