/** A small AI: makes some simulated LLM calls, in slots of its own, and prints one JSON line for each slot. */

import { setTimeout as sleep } from 'node:timers/promises';
import { BudgetClient } from '@budget-arbiter/client';

const { env } = process;
const calls = Number(env['CALLS'] ?? 1);
const tokens = Number(env['TOKENS'] ?? 200);

/** Stands for a call of a model's API: takes its time, ends early when the slot is lost, tells what it spent. */
async function callModel(budgeted: number, lost: AbortSignal) {
  await sleep(100, undefined, { signal: lost });
  const input = Math.ceil(budgeted / 2);
  return { model: 'simulated', usage: { input_tokens: input, output_tokens: budgeted - input } };
}

const budget = new BudgetClient({
  address: env['ARBITER_ADDRESS'] ?? '127.0.0.1:50051',
  budget: env['BUDGET_ID'] ?? 'anthropic',
  ai: env['AI_ID'] ?? 'typescript-ai',
  wait: Number(env['WAIT_SECONDS'] ?? 10),
  patience: Number(env['PATIENCE_SECONDS'] ?? 600),
});

for (let call = 0; call < calls; call += 1) {
  const slot = await budget.withSlot({ estimate: tokens }, async (held) => {
    const half = Math.ceil(tokens / 2);
    held.report(await callModel(half, held.lost));
    held.report(await callModel(tokens - half, held.lost));
    return held;
  });
  // The budget is told in the background. An AI need not wait for that; these lines say what was charged.
  await budget.flush(60);
  const { ai, lease, charged, deniedRules } = slot;
  const denied = deniedRules.length > 0 && { denied_first: deniedRules };
  console.log(JSON.stringify({ ai, lease_id: lease?.leaseId, fence: lease?.fence, charged, ...denied }));
}
await budget.close();
