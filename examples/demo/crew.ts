import path from 'node:path';
import type { AiMessage, Assignment, Prompt } from './ai-messages.js';
import { AiProcess } from './ai-process.js';
import type { Journal } from './journal.js';
import { AI_IDS, type AiId, type Trace } from './trace.js';

/** Who dies, and when at the earliest: while everybody is busy, and with time left to see what follows. */
export const VICTIM: AiId = 'conquest';
const KILL_AT = 0.45;
/** With fewer requests in the slot, little of its reservation would be left to presume. */
const KILL_WITH_PROMPTS = 4;

export interface CrewOptions {
  readonly trace: Trace;
  readonly assignment: Omit<Assignment, 'aiId' | 'journal' | 'prompts'>;
  /** Where each AI has its journal. */
  readonly folder: string;
  readonly journal: Journal;
  readonly heard: (aiId: AiId, message: AiMessage) => void;
  readonly killed: (aiId: AiId, leaseId: string) => void;
  readonly restarted: (aiId: AiId) => void;
  /** Resolves when the lease is over. */
  readonly leaseEnd: (leaseId: string) => Promise<void>;
}

/** The four AIs, each a process; one of them is killed while it holds a slot, and started again when its lease is over. */
export class Crew {
  readonly #processes = new Map<AiId, AiProcess>();
  #startedAt = 0;
  #stopping = false;
  #held: { leaseId: string; prompts: number; reports: number } | undefined;
  #killedLease: string | undefined;

  constructor(private readonly options: CrewOptions) {}

  /** Brings the processes up. */
  async muster(): Promise<void> {
    for (const aiId of AI_IDS) this.#bringUp(aiId);
    await Promise.all([...this.#processes.values()].map((process) => process.ready()));
  }

  /** Resolves when every AI is done. */
  async work(): Promise<void> {
    this.#startedAt = performance.now();
    await Promise.all(AI_IDS.map((aiId) => this.#live(aiId)));
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    for (const process of this.#processes.values()) process.kill();
    await Promise.allSettled([...this.#processes.values()].map(({ ended }) => ended));
  }

  get elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }

  #bringUp(aiId: AiId): AiProcess {
    const process = new AiProcess(aiId, (message) => this.#heard(aiId, message));
    this.#processes.set(aiId, process);
    return process;
  }

  async #live(aiId: AiId): Promise<void> {
    const { assignment, folder, leaseEnd, restarted } = this.options;
    const journal = path.join(folder, `${aiId}.journal`);
    let process = this.#processes.get(aiId) ?? this.#bringUp(aiId);
    for (;;) {
      await process.ready();
      await process.start({ ...assignment, aiId, journal, prompts: this.#rest(aiId) });
      const { killed } = await process.ended;
      if (!killed || this.#stopping || this.#killedLease === undefined) return;
      await leaseEnd(this.#killedLease);
      if (this.#stopping) return;
      process = this.#bringUp(aiId);
      restarted(aiId);
    }
  }

  /** What an AI has still to do, with arrivals counted from now. */
  #rest(aiId: AiId): Prompt[] {
    const { trace, journal } = this.options;
    return trace.prompts
      .filter((prompt) => prompt.aiId === aiId && !journal.has(prompt.usageId))
      .map(({ usageId, atMs, inputTokens, outputTokens }) => {
        return { usageId, atMs: atMs - this.elapsedMs, inputTokens, outputTokens };
      });
  }

  #heard(aiId: AiId, message: AiMessage): void {
    this.options.journal.heard(aiId, message);
    this.options.heard(aiId, message);
    if (aiId === VICTIM && this.#killedLease === undefined) this.#maybeKill(message);
  }

  /** Between a report and its answer: the moment at which nobody can know what was booked. */
  #maybeKill(message: AiMessage): void {
    if (message.kind === 'granted') {
      this.#held = { leaseId: message.leaseId, prompts: message.prompts, reports: 0 };
    }
    if (message.kind !== 'reporting' || this.#held === undefined) return;
    this.#held.reports += 1;
    const { leaseId, prompts, reports } = this.#held;
    const late = this.elapsedMs >= KILL_AT * this.options.trace.durationMs;
    if (!late || reports !== 2 || prompts < KILL_WITH_PROMPTS) return;
    this.#killedLease = leaseId;
    this.#processes.get(VICTIM)?.kill();
    this.options.killed(VICTIM, leaseId);
  }
}
