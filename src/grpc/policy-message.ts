import type {
  Mode as ModeName,
  OnExpiry as OnExpiryName,
  Pacing as PacingName,
  PolicyFields,
  Policy as PolicyInForce,
  TokenWeights as Weights,
} from '../domain/policy.js';
import { Mode, OnExpiry, Pacing, Policy, TokenWeights } from '../gen/budget/v1/budget.js';
import { dictionary } from './to-message/dictionary.js';
import { durationMessage } from './to-message/time.js';

/** Policies between the API's messages and the domain, which differ in their durations, enums and maps only. */

/** Fields that are the same on both sides. */
export const PLAIN_FIELDS = [
  'monthlyLimit',
  'enforcedPercent',
  'maxDailyPercent',
  'maxHourlyPercent',
  'minDailyPercent',
  'maxDailyPercentPerAi',
  'maxRequestTokens',
  'maxReportTokens',
  'maxConcurrent',
  'maxConcurrentPerAi',
  'defaultReservation',
  'minReservation',
  'minEstimate',
  'timeZone',
  'warningPercent',
  'criticalPercent',
  'emergencyPercent',
] as const satisfies readonly (keyof Policy & keyof PolicyFields)[];

/** Each with its name in the message. */
export const DURATION_FIELDS = [
  ['cooldownMs', 'cooldown'],
  ['sessionGraceMs', 'sessionGrace'],
  ['leaseTtlMs', 'leaseTtl'],
  ['maxLeaseDurationMs', 'maxLeaseDuration'],
  ['lateReportGraceMs', 'lateReportGrace'],
] as const satisfies readonly (readonly [keyof PolicyFields, keyof Policy])[];

export const WEIGHT_FIELDS = [
  ['input', 'inputPercent'],
  ['output', 'outputPercent'],
  ['cacheRead', 'cacheReadPercent'],
  ['cacheWrite', 'cacheWritePercent'],
  ['reasoning', 'reasoningPercent'],
  ['total', 'totalPercent'],
] as const satisfies readonly (readonly [keyof Weights, keyof TokenWeights])[];

export const PACINGS: { readonly [P in PacingName]: Pacing } = {
  NONE: Pacing.PACING_NONE,
  FLOOR: Pacing.PACING_FLOOR,
  EVEN: Pacing.PACING_EVEN,
};
export const MODES: { readonly [M in ModeName]: Mode } = {
  ENFORCE: Mode.MODE_ENFORCE,
  OBSERVE: Mode.MODE_OBSERVE,
};
export const EXPIRIES: { readonly [E in OnExpiryName]: OnExpiry } = {
  CHARGE: OnExpiry.ON_EXPIRY_CHARGE,
  REFUND: OnExpiry.ON_EXPIRY_REFUND,
};

/** A policy as it was set: what is unset stays unset. */
export function policyMessage(fields: PolicyFields): Policy {
  const message = Policy.fromPartial({});
  for (const name of PLAIN_FIELDS) Object.assign(message, { [name]: fields[name] });
  for (const [name, inMessage] of DURATION_FIELDS) {
    const ms = fields[name];
    message[inMessage] = ms === undefined ? undefined : durationMessage(ms);
  }
  message.pacing = fields.pacing && PACINGS[fields.pacing];
  message.mode = fields.mode && MODES[fields.mode];
  message.onExpiry = fields.onExpiry && EXPIRIES[fields.onExpiry];
  message.tokenWeights = fields.tokenWeights && weightsMessage(fields.tokenWeights);
  message.maxDailyPercentByAi = dictionary(fields.maxDailyPercentByAi ?? [], (percent) => percent);
  message.tokenWeightsByModel = dictionary(fields.tokenWeightsByModel ?? [], weightsMessage);
  message.fallbackBudgetIds = [...(fields.fallbackBudgetIds ?? [])];
  return message;
}

/** A policy in force: every field is set. */
export function effectivePolicyMessage(policy: PolicyInForce): Policy {
  return policyMessage({
    ...policy,
    maxDailyPercentByAi: [...policy.maxDailyPercentByAi],
    tokenWeightsByModel: [...policy.tokenWeightsByModel],
  });
}

function weightsMessage(weights: Partial<Weights>): TokenWeights {
  const message = TokenWeights.fromPartial({});
  for (const [kind, inMessage] of WEIGHT_FIELDS) message[inMessage] = weights[kind];
  return message;
}
