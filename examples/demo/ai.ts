import { randomUUID } from 'node:crypto';
import { type Denial, Rule } from '../../src/gen/budget/v1/budget.js';
import {
  AcquireSlotRequest,
  type AcquireSlotResponse,
  RecordUsageRequest,
  ReleaseRequest,
} from '../../src/gen/budget/v1/budget_service.js';
import type { AiLine } from './ai-line.js';
import { ask, connect, pause } from './client.js';
import { callsOf, type TracedCall } from './trace.js';

/** One AI, a process of its own: takes the calls that have arrived, asks for a slot for them, makes them, reports each. */
const [address = '', budgetId = '', aiId = '', speedText = '1', secondsText = '30'] = process.argv.slice(2);
const speed = Number(speedText);
const endsAt = Date.now() + Number(secondsText) * 1_000;
const client = connect(address);
/** At most so many calls in one slot; fewer, once the service has said that they are too many. */
let most = 16;

function tell(line: AiLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function main(): Promise<void> {
  const started = Date.now();
  const waiting = callsOf(aiId);
  while (waiting.length > 0 && Date.now() < endsAt) {
    const now = (Date.now() - started) * speed;
    const arrived = waiting.findIndex(({ atMs }) => atMs > now);
    const batch = waiting.slice(0, Math.min(most, arrived < 0 ? waiting.length : arrived));
    if (batch.length === 0) await pause(50);
    else if (await inSlot(batch)) waiting.splice(0, batch.length);
  }
  client.close();
}

/** False: not now; the wait that the denial asked for is over. */
async function inSlot(batch: readonly TracedCall[]): Promise<boolean> {
  const estimatedTokens = batch.reduce((sum, call) => sum + call.inputTokens + call.outputTokens, 0);
  const request = AcquireSlotRequest.fromPartial({
    budgetId,
    aiId,
    requestId: randomUUID(),
    estimatedTokens,
  });
  const { outcome } = await ask<AcquireSlotResponse>((done) => client.acquireSlot(request, done));
  if (outcome?.$case === 'denied') {
    return honour(outcome.value, batch.length);
  }
  const leaseId = outcome?.value.lease?.leaseId ?? '';
  tell({ event: 'granted', leaseId, calls: batch.length, tokens: estimatedTokens });
  for (const call of batch) await makeCall(leaseId, call);
  await ask((done) => client.release(ReleaseRequest.fromPartial({ leaseId }), done));
  tell({ event: 'released', leaseId });
  return true;
}

/** True: these calls can never be made, so they are given up. */
async function honour(denial: Denial, calls: number): Promise<boolean> {
  tell({ event: 'denied', rules: denial.blockers.map(({ rule }) => Rule[rule].slice('RULE_'.length)) });
  if (denial.permanent) {
    most = Math.max(1, Math.floor(calls / 2));
    return calls === 1;
  }
  const { seconds = 0, nanos = 0 } = denial.retryAfter ?? {};
  // A slot may come back sooner than its lease's end says; and a cap that opens after the demo is not waited for.
  await pause(Math.min(seconds * 1_000 + nanos / 1e6, 20_000 / speed, Math.max(0, endsAt - Date.now())) + 10);
  return false;
}

/** An LLM call takes as long as its answer is long. Every tenth report is sent twice, as after a lost answer. */
async function makeCall(leaseId: string, call: TracedCall): Promise<void> {
  await pause(Math.min(250, (150 + call.outputTokens * 12) / speed));
  const usage = {
    usageId: randomUUID(),
    model: 'code-model',
    tokens: { inputTokens: call.inputTokens, outputTokens: call.outputTokens },
  };
  const request = RecordUsageRequest.fromPartial({ subject: { $case: 'leaseId', value: leaseId }, usage });
  const { chargedTokens } = await ask<{ chargedTokens: number }>((done) => client.recordUsage(request, done));
  tell({ event: 'charged', tokens: chargedTokens });
  if (Math.random() >= 0.1) return;
  const again = await ask<{ replayed: boolean }>((done) => client.recordUsage(request, done));
  tell({ event: 'repeated', replayed: again.replayed });
}

await main();
