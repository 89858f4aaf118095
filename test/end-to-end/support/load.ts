import { setTimeout as pause } from 'node:timers/promises';
import { type ServiceError, status } from '@grpc/grpc-js';
import type { AcquireAnswer } from './messages.js';
import type { Replicas } from './replicas.js';

/** What a client gets from a server that dies or is not there; it repeats the same call until it is answered. */
const TRY_AGAIN: readonly unknown[] = [status.UNAVAILABLE, status.CANCELLED];
const BACK_OFF_MS = 20;
const PATIENCE_MS = 20_000;
const REPORTS_PER_SLOT = 3;

interface Usage {
  readonly usage_id: string;
  readonly model: string;
  readonly tokens: { readonly total_tokens: number };
}

/** AIs that work without a pause, and know what was acknowledged to them. */
export class Load {
  /** Tokens that were acknowledged, by AI. */
  readonly acknowledged = new Map<string, number>();
  /** How many reports those are. */
  reports = 0;
  readonly #replicas: Replicas;
  readonly #budgetId: string;
  readonly #random: () => number;
  readonly #patienceMs: number;
  #stopping = false;

  constructor(replicas: Replicas, budgetId: string, random: () => number, patienceMs = PATIENCE_MS) {
    this.#patienceMs = patienceMs;
    this.#replicas = replicas;
    this.#budgetId = budgetId;
    this.#random = random;
  }

  /** Works until told to stop, and until everything is acknowledged. Each AI prefers one replica. */
  async work(ais: number): Promise<void> {
    await Promise.all(Array.from({ length: ais }, (_, ai) => this.#ai(`ai-${ai}`, ai)));
  }

  stop(): void {
    this.#stopping = true;
  }

  async #ai(aiId: string, replica: number): Promise<void> {
    for (let turn = 0; !this.#stopping; turn += 1) {
      const leaseId = await this.#acquire(aiId, replica, turn);
      const subject = leaseId === undefined ? { unleased: this.#subject(aiId) } : { lease_id: leaseId };
      const reports = leaseId === undefined ? 1 : REPORTS_PER_SLOT;
      for (let report = 0; report < reports; report += 1) {
        await this.#report('RecordUsage', replica, aiId, `${aiId}-${turn}-${report}`, subject);
      }
      // Now and then an AI forgets its slot, which must come back by itself.
      if (leaseId === undefined || turn % 4 === 3) continue;
      await this.#report('Release', replica, aiId, `${aiId}-${turn}-last`, { lease_id: leaseId });
    }
  }

  async #acquire(aiId: string, replica: number, turn: number): Promise<string | undefined> {
    try {
      const answer = await this.#persist<AcquireAnswer>(replica, 'AcquireSlot', {
        ...this.#subject(aiId),
        request_id: `${aiId}-ask-${turn}`,
        estimated_tokens: 2_000,
        lease_ttl: { seconds: 1 },
      });
      return answer.granted?.lease.lease_id;
    } catch (error) {
      // Granted, but the answer was lost, and the lease ran out while the server was away.
      if ((error as ServiceError).code === status.FAILED_PRECONDITION) return undefined;
      throw error;
    }
  }

  /** A model for each AI, so that what is presumed stands apart from what its AI reported. */
  async #report(
    method: string,
    replica: number,
    aiId: string,
    usageId: string,
    subject: object,
  ): Promise<void> {
    const total = 1 + Math.floor(this.#random() * 900);
    const usage: Usage = { usage_id: usageId, model: modelOf(aiId), tokens: { total_tokens: total } };
    await this.#persist(replica, method, { ...subject, usage });
    this.acknowledged.set(aiId, (this.acknowledged.get(aiId) ?? 0) + total);
    this.reports += 1;
  }

  #subject(aiId: string): { budget_id: string; ai_id: string } {
    return { budget_id: this.#budgetId, ai_id: aiId };
  }

  /** The same call, now at this replica and now at the next, until one answers it. */
  async #persist<Answer>(preferred: number, method: string, request: object): Promise<Answer> {
    const end = performance.now() + this.#patienceMs;
    for (let replica = preferred; ; replica += 1) {
      try {
        return await this.#replicas.clients(replica).call<Answer>(method, request);
      } catch (error) {
        if (!TRY_AGAIN.includes((error as ServiceError).code) || performance.now() > end) throw error;
      }
      await pause(BACK_OFF_MS);
    }
  }
}

export function modelOf(aiId: string): string {
  return `model.of.${aiId}`;
}
