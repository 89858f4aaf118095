/** The small AI of `ai.ts` in a session: one stream for all its calls, no heartbeat, and a crash frees its slot in seconds. */

import { setTimeout as sleep } from 'node:timers/promises';
import { credentials } from '@grpc/grpc-js';
import { BudgetServiceClient } from './gen/budgetarbiter/v1/budget_service.js';
import { Session } from './session.js';
import { withSessionSlot } from './session-slot.js';

const env = process.env;
const budgetId = env['BUDGET_ID'] ?? 'anthropic';
const aiId = env['AI_ID'] ?? 'typescript-session-ai';
const calls = Number(env['CALLS'] ?? 1);
const tokens = Number(env['TOKENS'] ?? 200);
const waitMs = Number(env['WAIT_SECONDS'] ?? 10) * 1000;
const patienceMs = Number(env['PATIENCE_SECONDS'] ?? 600) * 1000;

const client = new BudgetServiceClient(
  env['ARBITER_ADDRESS'] ?? '127.0.0.1:50051',
  credentials.createInsecure(),
  // Without the first, a client that found the service away may take two minutes to look again, far beyond the grace; with
  // the others it notices within seconds that the service, or the way to it, is gone without a word.
  {
    'grpc.max_reconnect_backoff_ms': 2_000,
    'grpc.keepalive_time_ms': 4_000,
    'grpc.keepalive_timeout_ms': 2_000,
  },
);
const session = new Session(client, budgetId, aiId);

/** Stands for a call of a model's API: takes its time, ends early when the lease is lost, tells what it spent. */
async function callModel(budgeted: number, lost: AbortSignal) {
  await sleep(100, undefined, { signal: lost });
  const input = Math.ceil(budgeted / 2);
  return { model: 'simulated', tokens: { inputTokens: input, outputTokens: budgeted - input } };
}

for (let n = 0; n < calls; n++) {
  const request = { budgetId, aiId, estimatedTokens: tokens, waitMs, patienceMs };
  const settled = await withSessionSlot(session, request, async (slot) => {
    const half = Math.ceil(tokens / 2);
    await slot.record(await callModel(half, slot.lost));
    slot.finalUsage = await callModel(tokens - half, slot.lost);
  });
  const { lease, usedTokens, deniedRules } = settled;
  console.log(
    JSON.stringify({
      ai: aiId,
      lease_id: lease.leaseId,
      fence: lease.fence,
      charged: usedTokens,
      ...(deniedRules.length > 0 && { denied_first: deniedRules }),
    }),
  );
}
session.close();
client.close();
