/** One AI, a process of its own: makes the requests that have arrived, in slots that the service grants it. */

import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { credentials } from '@grpc/grpc-js';
import {
  BudgetServiceClient,
  RecordUsageRequest,
  ReleaseRequest,
} from '../../src/gen/budgetarbiter/v1/budget_service.js';
import type { AiMessage, Assignment, Prompt, Report } from './ai-messages.js';
import { acquire, type HeldSlot } from './ai-slot.js';
import { unary } from './unary.js';

/** At most so many requests in one slot, so that others get their turn. */
const MOST_PROMPTS = 8;

// Whoever started this process is gone: nobody would look at what it does.
process.on('disconnect', () => process.exit());

function tell(message: AiMessage): void {
  process.send?.(message);
}

class Ai {
  readonly #client: BudgetServiceClient;
  readonly #todo: Prompt[];
  readonly #startedAt = performance.now();

  constructor(private readonly assignment: Assignment) {
    this.#client = new BudgetServiceClient(assignment.address, credentials.createInsecure());
    this.#todo = [...assignment.prompts];
  }

  async work(): Promise<void> {
    // The tokens were spent and the answer never came: the same report again is booked once, whatever became of the first.
    for (const report of this.assignment.unsettled) await this.#report(report);
    while (this.#todo.length > 0) {
      const arrived = await this.#arrived();
      const slot = await acquire(this.#client, this.assignment, arrived.slice(0, MOST_PROMPTS), tell);
      if ('stoppedBy' in slot) return tell({ kind: 'done', rules: slot.stoppedBy });
      await this.#useSlot(slot);
    }
    tell({ kind: 'done', rules: [] });
  }

  /** The requests that wait to be made, at least one. */
  async #arrived(): Promise<Prompt[]> {
    const nowMs = performance.now() - this.#startedAt;
    const untilNextMs = (this.#todo[0]?.atMs ?? 0) - nowMs;
    if (untilNextMs <= 0) return this.#todo.filter(({ atMs }) => atMs <= nowMs);
    // Never less than a millisecond: a timer may be early by a fraction of one.
    await sleep(Math.max(1, untilNextMs));
    return this.#arrived();
  }

  async #useSlot({ leaseId, prompts, stopRenewing }: HeldSlot): Promise<void> {
    for (const prompt of prompts) {
      // Stands for the call of the model, which takes the longer the more tokens it has to read and write.
      await sleep((prompt.inputTokens + prompt.outputTokens) * this.assignment.msPerToken);
      await this.#report({ leaseId, prompt });
      this.#todo.shift();
    }
    stopRenewing();
    await unary(this.#client.release.bind(this.#client), ReleaseRequest.fromPartial({ leaseId }));
    tell({ kind: 'released', leaseId });
  }

  async #report(report: Report): Promise<void> {
    // Said before the call: so the one who watches knows what was under way, should this process die now.
    tell({ kind: 'reporting', report });
    const { usageId, inputTokens, outputTokens } = report.prompt;
    const request = RecordUsageRequest.fromPartial({
      subject: { $case: 'leaseId', value: report.leaseId },
      usage: { usageId, model: 'azure-code', requestType: 'code', tokens: { inputTokens, outputTokens } },
    });
    const answer = await unary(this.#client.recordUsage.bind(this.#client), request);
    const { chargedTokens: tokens, overrunTokens: overrun, late, replayed } = answer;
    tell({ kind: 'charged', report, tokens, overrun, late, replayed });
  }
}

tell({ kind: 'ready' });
const [assignment] = (await once(process, 'message')) as [Assignment];
await new Ai(assignment).work();
process.disconnect();
