import type { PolicyFields, Policy as PolicyInForce } from '../../domain/model/policy.js';
import {
  POLICY_ROWS,
  type PolicyField,
  TOKEN_WEIGHT_NAMES,
  type TokenWeights as Weights,
} from '../../domain/policy/policy-fields.js';
import {
  Lending,
  Mode,
  ModelLimit,
  OnExpiry,
  Pacing,
  Policy,
  Team,
  TokenWeights,
} from '../../gen/budgetarbiter/v1/budget.js';
import { dictionary } from './dictionary.js';
import { durationMessage } from './time.js';

/** Policies from the domain to the API's messages, which differ in their durations, enums and maps only. */

type MessageField = Exclude<keyof Policy, '$type'>;

/** `max_daily_percent_per_ai` is `maxDailyPercentPerAi` in a message. */
export function messageName<T>(name: string): keyof T & string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()) as keyof T & string;
}

/** The fields in the order of the table, each with its name in the message. */
export const MESSAGE_ROWS = POLICY_ROWS.map(
  ([key, row]) => [key, messageName<Policy>(row.name) as MessageField, row] as const,
);

export const MESSAGE_WEIGHTS = Object.entries(TOKEN_WEIGHT_NAMES).map(
  ([kind, name]) => [kind as keyof Weights, messageName<TokenWeights>(name)] as const,
);

/** The enums of choices, by the API's names of the fields. */
const ENUMS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  pacing: Pacing,
  mode: Mode,
  on_expiry: OnExpiry,
  lending: Lending,
};

/** The number of a choice's value in the API, whose names begin with that of the field. */
export function enumNumber(field: string, value: string): number {
  return ENUMS[field]?.[`${field.toUpperCase()}_${value}`] as number;
}

/** A policy as it was set: what is unset stays unset. */
export function policyMessage(fields: PolicyFields): Policy {
  const message: Record<string, unknown> = {};
  for (const [key, name, row] of MESSAGE_ROWS) {
    const value = fields[key];
    if (value !== undefined) message[name] = messageValue(row, value);
  }
  return Object.assign(Policy.fromPartial({}), message);
}

/** A policy in force: every field is set. */
export function effectivePolicyMessage(policy: PolicyInForce): Policy {
  return policyMessage({
    ...policy,
    maxDailyPercentByAi: [...policy.maxDailyPercentByAi],
    tokenWeightsByModel: [...policy.tokenWeightsByModel],
    teams: [...policy.teams],
    models: [...policy.models],
  });
}

function messageValue(row: PolicyField, value: unknown): unknown {
  switch (row.kind) {
    case 'duration':
      return durationMessage(value as number);
    case 'choice':
      return enumNumber(row.name, value as string);
    case 'shares-by-ai':
      return dictionary(value as readonly (readonly [string, number])[], (percent) => percent);
    case 'weights':
      return weightsMessage(value as Partial<Weights>);
    case 'weights-by-model':
      return dictionary(value as readonly (readonly [string, Partial<Weights>])[], weightsMessage);
    case 'teams':
      return dictionary(value as NonNullable<PolicyFields['teams']>, ({ aiIds = [], ...numbers }) =>
        Team.fromPartial({ ...numbers, aiIds: [...aiIds] }),
      );
    case 'limits-by-model':
      return dictionary(value as NonNullable<PolicyFields['models']>, (limits) =>
        ModelLimit.fromPartial(limits),
      );
    default:
      return value;
  }
}

function weightsMessage(weights: Partial<Weights>): TokenWeights {
  const message = TokenWeights.fromPartial({});
  for (const [kind, inMessage] of MESSAGE_WEIGHTS) message[inMessage] = weights[kind];
  return message;
}
