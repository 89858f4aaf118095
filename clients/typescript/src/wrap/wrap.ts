import { BudgetClient } from '../budget-client.js';
import type { SlotSource } from '../slot/slot-source.js';
import type { WrapOptions } from './guarded-sdk.js';

let shared: BudgetClient | undefined;

/**
 * The same SDK client, with each call in a slot of its own: retries, streams and helpers included. Nothing else changes, but that a
 * call may throw `SlotDenied`.
 *
 * ```ts
 * const anthropic = wrap(new Anthropic(), { budget: 'anthropic', ai: 'guardian', estimate: 3_000 });
 * ```
 *
 * Slots come from `client`, or from one client for the process, by the variables `BUDGET_ARBITER_*`.
 */
export function wrap<Sdk extends object>(
  sdk: Sdk,
  { client, ...options }: WrapOptions & { readonly client?: SlotSource | undefined } = {},
): Sdk {
  return (client ?? sharedClient()).wrap(sdk, options);
}

function sharedClient(): BudgetClient {
  shared ??= BudgetClient.fromEnv();
  return shared;
}
