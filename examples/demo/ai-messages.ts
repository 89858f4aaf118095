/** What the demo and its AIs tell each other over the channel between their processes. */

/** One LLM request of the trace: its usage id, when it arrives after the start, and what it costs. */
export interface Prompt {
  readonly usageId: string;
  readonly atMs: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** A request that was made on a lease, and is to be reported. */
export interface Report {
  readonly leaseId: string;
  readonly prompt: Prompt;
}

/** All that an AI is told, once, at its start. */
export interface Assignment {
  readonly address: string;
  readonly budgetId: string;
  readonly aiId: string;
  /** Where its client keeps what is not settled yet. */
  readonly journal: string;
  readonly prompts: readonly Prompt[];
  /** How long the simulated LLM works on a token. */
  readonly msPerToken: number;
  /** How long it stands in the queue. A denial that asks for a longer wait is not waited for. */
  readonly patienceSeconds: number;
}

/** What an AI says as it happens. */
export type AiMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'denied'; readonly rules: readonly string[]; readonly next: 'wait' | 'ask-for-less' }
  | { readonly kind: 'granted'; readonly leaseId: string; readonly prompts: number }
  | { readonly kind: 'reporting'; readonly report: Report }
  | { readonly kind: 'charged'; readonly report: Report; readonly tokens: number }
  | { readonly kind: 'gave-back' }
  /** Nothing is left to do, or the budget has nothing left for it: then `rules` say so. */
  | { readonly kind: 'done'; readonly rules: readonly string[] };
