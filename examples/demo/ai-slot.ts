import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Denial, type Lease, Rule } from '../../src/gen/budgetarbiter/v1/budget.js';
import {
  AcquireSlotRequest,
  type BudgetServiceClient,
  RenewSlotRequest,
} from '../../src/gen/budgetarbiter/v1/budget_service.js';
import type { AiMessage, Assignment, Prompt } from './ai-messages.js';
import { toDuration, toMs, unary } from './unary.js';

/** Nobody knows beforehand how long an answer will be. What a guess is short of is an overrun. */
const GUESSED_OUTPUT_TOKENS = 48;

export interface HeldSlot {
  readonly leaseId: string;
  /** Those that the reservation is for. */
  readonly prompts: readonly Prompt[];
  readonly stopRenewing: () => void;
}

/** Asks until it is granted a slot for some of the requests, or until not even one of them may be made. */
export async function acquire(
  client: BudgetServiceClient,
  { budgetId, aiId, patienceMs }: Assignment,
  wanted: readonly Prompt[],
  tell: (message: AiMessage) => void,
): Promise<HeldSlot | { readonly stoppedBy: readonly string[] }> {
  let prompts = wanted;
  let requestId = randomUUID();
  let waitMs = 0;
  for (;;) {
    const request = {
      budgetId,
      aiId,
      requestId,
      estimatedTokens: estimate(prompts),
      wait: toDuration(waitMs),
    };
    const { outcome } = await unary(
      client.acquireSlot.bind(client),
      AcquireSlotRequest.fromPartial(request),
      waitMs + 5_000,
    );
    if (outcome?.$case === 'granted' && outcome.value.lease !== undefined) {
      const { lease } = outcome.value;
      tell({ kind: 'granted', leaseId: lease.leaseId, prompts: prompts.length });
      return { leaseId: lease.leaseId, prompts, stopRenewing: keepRenewing(client, lease) };
    }
    if (outcome?.$case !== 'denied') throw new Error('the service answered neither a grant nor a denial');
    const rules = outcome.value.blockers.map(({ rule }) => Rule[rule].replace('RULE_', ''));
    waitMs = Math.ceil(toMs(outcome.value.retryAfter));
    const next = nextStep(outcome.value, waitMs, patienceMs, prompts.length);
    tell({ kind: 'denied', rules, next, waitMs });
    if (next === 'stop') return { stoppedBy: rules };
    if (next === 'ask-for-less') {
      // Another question, so another id; a denied one burnt nothing.
      prompts = prompts.slice(0, Math.floor(prompts.length / 2));
      requestId = randomUUID();
      waitMs = 0;
    } else if (!rules.includes('CONCURRENCY')) {
      await sleep(waitMs);
      waitMs = 0;
    }
    // Where slots are taken it waits in the service's queue instead: their holders may give them back any moment.
  }
}

function nextStep(denial: Denial, waitMs: number, patienceMs: number, prompts: number) {
  const waitHelps = !denial.permanent && denial.retryAfter !== undefined && waitMs <= patienceMs;
  if (waitHelps) return 'wait';
  return prompts > 1 ? 'ask-for-less' : 'stop';
}

export function estimate(prompts: readonly Prompt[]): number {
  return prompts.reduce((sum, { inputTokens }) => sum + inputTokens + GUESSED_OUTPUT_TOKENS, 0);
}

/** The heartbeat, three times in the life of a lease. */
function keepRenewing(client: BudgetServiceClient, { leaseId, expiresIn }: Lease): () => void {
  const request = RenewSlotRequest.fromPartial({ leaseId });
  const timer = setInterval(() => {
    // A lease that ran out all the same is settled by its late reports and its release.
    unary(client.renewSlot.bind(client), request).catch(() => {});
  }, toMs(expiresIn) / 3);
  return () => clearInterval(timer);
}
