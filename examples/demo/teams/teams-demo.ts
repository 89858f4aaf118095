import { setTimeout as sleep } from 'node:timers/promises';
import { BudgetClient, SlotDenied } from '@budget-arbiter/client';
import { credentials } from '@grpc/grpc-js';
import {
  BudgetAdminServiceClient,
  CreateBudgetRequest,
} from '../../../src/gen/budgetarbiter/v1/budget_admin_service.js';
import type { Prompt } from '../ai-messages.js';
import { estimate } from '../estimate.js';
import { operatorCall } from '../operator-call.js';
import type { Service } from '../service-process.js';
import { seconds } from '../text.js';
import { AI_IDS, type AiId, type Trace, totalOf } from '../trace.js';
import { AiLine } from './ai-line.js';
import { GUARDED, hourTokens, type Scene, scenes } from './teams-policy.js';
import { type Lines, teamsReport } from './teams-report.js';

/** Each greedy AI asks by so many calls at once, for so many requests a slot, its part of the trace over and over. */
const GREEDY_CALLS = 2;
const GREEDY_PROMPTS = 4;
/** Whom a cap refuses asks again so soon. */
const AGAIN_MS = 100;
/** The greedy alone would have spent the hour by then. */
const HOUR_SPENT_AT = 0.3;
const GREEDY_SLOTS = 3;
/** So often it is told how it goes. */
const TOLD = 6;

/** A guardian that answers what arrives, among AIs that take what they can get: with a guarantee, and without. */
export class TeamsDemo {
  readonly #admin: BudgetAdminServiceClient;
  readonly #clients: BudgetClient[] = [];
  readonly #msPerToken: number;
  #startedAt = 0;

  constructor(
    private readonly service: Service,
    private readonly trace: Trace,
    undos: (() => unknown)[],
  ) {
    this.#admin = new BudgetAdminServiceClient(service.grpc, credentials.createInsecure());
    this.#msPerToken = (HOUR_SPENT_AT * GREEDY_SLOTS * trace.durationMs) / hourTokens(trace);
    undos.push(async () => {
      this.#admin.close();
      await Promise.all(this.#clients.map((client) => client.close()));
    });
  }

  /** True if others never stood in the guardian's way where it has a guarantee, and did where it has none. */
  async run(): Promise<boolean> {
    const both = scenes(this.trace);
    for (const { budgetId, policy } of both) {
      const create = CreateBudgetRequest.fromPartial({ budgetId, policy });
      await operatorCall(this.#admin.createBudget.bind(this.#admin), create);
    }
    console.log(
      `the trace, ${this.trace.durationMs / 1_000} s of it, on two budgets of one service at once …`,
    );
    this.#startedAt = performance.now();
    const played = both.map(() => new Map(AI_IDS.map((aiId) => [aiId, new AiLine()])));
    const timer = setInterval(() => console.log(this.#soFar(both, played)), this.trace.durationMs / TOLD);
    await Promise.all(both.map((scene, at) => this.#play(scene, played[at] ?? new Map())));
    clearInterval(timer);
    const { lines, kept } = teamsReport(both, played);
    console.log(lines.join('\n'));
    return kept;
  }

  #soFar(both: readonly Scene[], played: readonly Lines[]): string {
    const told = both.map(({ title }, at) => {
      const { served = 0, refused = 0 } = played[at]?.get(GUARDED) ?? {};
      return `${title}: ${served} of ${served + refused}`;
    });
    return `   ${seconds(this.#elapsedMs).padStart(7)}   ${GUARDED} is served, ${told.join('; ')}`;
  }

  async #play({ budgetId }: Scene, lines: Lines): Promise<void> {
    const all = [...lines].flatMap(([aiId, line]) => {
      const client = new BudgetClient({ address: this.service.grpc, budget: budgetId, ai: aiId });
      this.#clients.push(client);
      return aiId === GUARDED
        ? [this.#answer(client, line)]
        : Array.from({ length: GREEDY_CALLS }, (_, nth) => this.#take(client, aiId, line, nth));
    });
    await Promise.all(all);
  }

  /** Each request as it arrives, at once or not at all. */
  async #answer(client: BudgetClient, line: AiLine): Promise<void> {
    for (const prompt of this.trace.prompts.filter(({ aiId }) => aiId === GUARDED)) {
      await sleep(Math.max(0, prompt.atMs - this.#elapsedMs));
      await this.#request(client, [prompt], line);
      // The slot is given back in the background; this one is to be free for the next request.
      await client.flush();
    }
  }

  async #take(client: BudgetClient, aiId: AiId, line: AiLine, nth: number): Promise<void> {
    const own = this.trace.prompts.filter((prompt) => prompt.aiId === aiId);
    for (let at = nth; this.#part < 1; at += GREEDY_CALLS) {
      const from = (at * GREEDY_PROMPTS) % own.length;
      const isServed = await this.#request(client, own.slice(from, from + GREEDY_PROMPTS), line, 1);
      if (!isServed) await sleep(AGAIN_MS);
    }
  }

  async #request(client: BudgetClient, prompts: readonly Prompt[], line: AiLine, wait = 0): Promise<boolean> {
    const tokens = totalOf(prompts);
    const request = { estimate: estimate(prompts), wait, patience: wait };
    try {
      await client.withSlot(request, async (slot) => {
        // Stands for the calls of the model.
        await sleep(tokens * this.#msPerToken);
        slot.report({ total: tokens });
      });
      line.serve(this.#part, tokens);
      return true;
    } catch (error) {
      if (!(error instanceof SlotDenied)) throw error;
      line.refuse(this.#part, error.rules);
      return false;
    }
  }

  get #elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }

  get #part(): number {
    return this.#elapsedMs / this.trace.durationMs;
  }
}
