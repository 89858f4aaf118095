import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { callWithRetries } from './call.js';
import { type Denial, type Lease, Rule } from './gen/budgetarbiter/v1/budget.js';
import {
  AcquireSlotRequest,
  type AcquireSlotResponse,
  type BudgetServiceClient,
} from './gen/budgetarbiter/v1/budget_service.js';
import type { Duration } from './gen/google/protobuf/duration.js';

export interface SlotRequest {
  budgetId: string;
  aiId: string;
  /** What the work will probably cost. Absent: the policy's default reservation. */
  estimatedTokens?: number;
  /** Stand in the service's queue this long; all have their turns in it. 0 asks once and comes back later. */
  waitMs: number;
  /** Give up after this long. */
  patienceMs: number;
}

/** No slot: waiting does not help, or would take longer than the caller has patience. */
export class SlotDenied extends Error {
  override readonly name = 'SlotDenied';
  constructor(readonly denial: Denial) {
    super(denial.blockers.map((blocker) => blocker.message).join('; '));
  }
}

/** A slot, and the rules that had refused before. */
export interface Acquired {
  lease: Lease;
  deniedRules: string[];
}

/** Asks by calls of their own. */
export function acquire(client: BudgetServiceClient, request: SlotRequest): Promise<Acquired> {
  const limits = {
    timeoutMs: 5_000 + request.waitMs,
    giveUpAtMs: performance.now() + request.patienceMs,
  };
  return acquireBy((message) => callWithRetries(client.acquireSlot.bind(client), message, limits), request);
}

/** Asks until the slot is granted, and comes back no earlier than a denial says. */
export async function acquireBy(
  ask: (message: AcquireSlotRequest) => Promise<AcquireSlotResponse>,
  request: SlotRequest,
): Promise<Acquired> {
  const message = AcquireSlotRequest.fromPartial({
    budgetId: request.budgetId,
    aiId: request.aiId,
    // One id for all tries: if an answer is lost, the next try finds the lease in place of taking a second slot.
    requestId: randomUUID(),
    estimatedTokens: request.estimatedTokens,
    wait: { seconds: Math.floor(request.waitMs / 1000), nanos: (request.waitMs % 1000) * 1e6 },
  });
  const giveUpAtMs = performance.now() + request.patienceMs;
  const deniedRules = new Set<string>();
  for (;;) {
    const { outcome } = await ask(message);
    if (outcome?.$case === 'granted' && outcome.value.lease) {
      return { lease: outcome.value.lease, deniedRules: [...deniedRules] };
    }
    if (outcome?.$case !== 'denied') throw new Error('this client is older than the answer it got');
    const denial = outcome.value;
    for (const blocker of denial.blockers) deniedRules.add(Rule[blocker.rule].replace('RULE_', ''));
    // Nobody knows how long a pause lasts: then look again every few seconds.
    const pauseMs = denial.retryAfter ? toMs(denial.retryAfter) : 5_000;
    if (denial.permanent || performance.now() + pauseMs > giveUpAtMs) throw new SlotDenied(denial);
    // Somewhat later than told: timers may fire a little early, and many clients should not come back in step.
    await sleep(pauseMs + 5 + Math.random() * 100);
  }
}

export function toMs(duration: Duration | undefined): number {
  return duration ? duration.seconds * 1000 + duration.nanos / 1e6 : 0;
}
