/** One AI, a process of its own: makes the requests that have arrived, in slots that the budget grants it. */

import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { BudgetClient, type Slot, SlotDenied } from '@budget-arbiter/client';
import type { AiMessage, Assignment, Prompt } from './ai-messages.js';
import { estimate } from './estimate.js';

/** At most so many requests in one slot, so that others get their turn. */
const MOST_PROMPTS = 8;

// Whoever started this process is gone: nobody would look at what it does.
process.on('disconnect', () => process.exit());

function tell(message: AiMessage): void {
  process.send?.(message);
}

class Ai {
  readonly #budget: BudgetClient;
  readonly #todo: Prompt[];
  readonly #startedAt = performance.now();

  constructor(private readonly assignment: Assignment) {
    this.#budget = new BudgetClient({
      address: assignment.address,
      budget: assignment.budgetId,
      ai: assignment.aiId,
      wait: assignment.patienceSeconds,
      patience: assignment.patienceSeconds,
      // What an earlier life that was cut short had not settled is in it, and is told now.
      journal: assignment.journal,
    });
    this.#todo = [...assignment.prompts];
  }

  async work(): Promise<void> {
    tell({ kind: 'done', rules: await this.#makeAll() });
    await this.#budget.close();
  }

  /** Returns the rules that stopped it, if any did. */
  async #makeAll(): Promise<readonly string[]> {
    let most = MOST_PROMPTS;
    while (this.#todo.length > 0) {
      const prompts = (await this.#arrived()).slice(0, most);
      try {
        await this.#makeInSlot(prompts);
        most = MOST_PROMPTS;
      } catch (error) {
        if (!(error instanceof SlotDenied)) throw error;
        // It was others' turn for longer than it had patience.
        if (this.#mayWait(error)) continue;
        most = error.permanent ? Math.floor(prompts.length / 2) : 0;
        if (most === 0) return error.rules;
        tell({ kind: 'denied', rules: error.rules, next: 'ask-for-less' });
      }
    }
    return [];
  }

  /** Asks without waiting first, so that it can say what refuses; where waiting helps, it stands in the queue then. */
  async #makeInSlot(prompts: readonly Prompt[]): Promise<void> {
    const request = { estimate: estimate(prompts), atLeast: estimate(prompts.slice(0, 1)) };
    const make = (slot: Slot) => this.#make(prompts, slot);
    try {
      await this.#budget.withSlot({ ...request, wait: 0, patience: 0 }, make);
    } catch (error) {
      if (!(error instanceof SlotDenied) || !this.#mayWait(error)) throw error;
      tell({ kind: 'denied', rules: error.rules, next: 'wait' });
      await this.#budget.withSlot(request, make);
    }
    // It is given back in the background, and is to be free before this AI asks for the next.
    await this.#budget.flush();
    tell({ kind: 'gave-back' });
  }

  #mayWait({ permanent, retryAfter = Number.POSITIVE_INFINITY }: SlotDenied): boolean {
    return !permanent && retryAfter <= this.assignment.patienceSeconds;
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

  async #make(wanted: readonly Prompt[], slot: Slot): Promise<void> {
    const { leaseId = '', reservedTokens = 0 } = slot.lease ?? {};
    // Where a cap leaves less than it asked for, it is granted that.
    const prompts = wanted.filter((_, at) => at === 0 || estimate(wanted.slice(0, at + 1)) <= reservedTokens);
    tell({ kind: 'granted', leaseId, prompts: prompts.length });
    let chargedBefore = 0;
    for (const prompt of prompts) {
      const { usageId, inputTokens: input, outputTokens: output } = prompt;
      // Stands for the call of the model, which takes the longer the more tokens it has to read and write.
      await sleep((input + output) * this.assignment.msPerToken);
      slot.report({ input, output }, { usageId, model: 'azure-code', requestType: 'code' });
      // An AI need not wait for the budget; the demo does, to know of each report whether it was answered.
      const answered = this.#budget.flush();
      tell({ kind: 'reporting', report: { leaseId, prompt } });
      await answered;
      const charged = slot.charged ?? 0;
      tell({ kind: 'charged', report: { leaseId, prompt }, tokens: charged - chargedBefore });
      chargedBefore = charged;
      this.#todo.shift();
    }
  }
}

tell({ kind: 'ready' });
const [assignment] = (await once(process, 'message')) as [Assignment];
await new Ai(assignment).work();
process.disconnect();
