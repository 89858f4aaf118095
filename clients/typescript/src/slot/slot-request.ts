import type { TokenUsage } from '../usage/token-usage.js';

/** What is asked for. Times are seconds. */
export interface SlotRequest {
  /** The budget. Unset: the client's own. */
  readonly budget?: string | undefined;
  /** Who spends. Unset: the client's own. */
  readonly ai?: string | undefined;
  /** Charged tokens that it will probably cost, or tokens by kind, which the service weighs. Unset: the policy's default reservation. */
  readonly estimate?: number | TokenUsage | undefined;
  /** Rather fewer tokens than no slot: at least so many. */
  readonly atLeast?: number | undefined;
  /** The model that will be asked, for the policy's limits of models. */
  readonly model?: string | undefined;
  /** For operators: at most 8, beside those of the client. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** How long to stand in the service's queue; all have their turns in it. Default 10. */
  readonly wait?: number | undefined;
  /** How long to try in all, the wait included. Default 60. */
  readonly patience?: number | undefined;
  /** Where the budget refuses, ask those that its denial names, in their order: `Slot.budget` says whose it is. */
  readonly fallback?: boolean | undefined;
  /** While the service is away, go on without a slot. */
  readonly failOpen?: boolean | undefined;
  /** Gives up. A slot that is granted all the same is given back unused. */
  readonly signal?: AbortSignal | undefined;
}
