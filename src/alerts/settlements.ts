import type { DeliveryDesk } from '../arbiter/alert-courier.js';
import type { DeliveryResult } from '../domain/model/requests.js';
import type { Log } from '../platform/log.js';
import { pause, type Scheduler } from '../platform/scheduler.js';

const AGAIN_MS = 1_000;

export interface SettlementsOptions {
  readonly desk: DeliveryDesk;
  readonly copyId: string;
  readonly scheduler: Scheduler;
  readonly log: Log;
  readonly stopped: () => boolean;
}

interface Waiting {
  readonly result: DeliveryResult;
  readonly done: () => void;
}

/** Brings into the state what became of tries. What is delivered and not known as such would be sent again. */
export class Settlements {
  private readonly waiting = new Map<string, Waiting[]>();
  private readonly writing = new Set<string>();

  constructor(private readonly options: SettlementsOptions) {}

  get busy(): boolean {
    return this.writing.size > 0;
  }

  /** Resolves when it is durable, or when this copy stops. */
  add(budgetId: string, result: DeliveryResult): Promise<void> {
    return new Promise((done) => {
      const queue = this.waiting.get(budgetId) ?? [];
      queue.push({ result, done });
      this.waiting.set(budgetId, queue);
      if (!this.writing.has(budgetId)) void this.write(budgetId);
    });
  }

  /** One commit at a time for a budget; what ends meanwhile goes with the next. */
  private async write(budgetId: string): Promise<void> {
    const { desk, copyId, scheduler, log, stopped } = this.options;
    this.writing.add(budgetId);
    for (;;) {
      const batch = this.waiting.get(budgetId) ?? [];
      this.waiting.delete(budgetId);
      if (batch.length === 0) break;
      const results = batch.map(({ result }) => result);
      for (;;) {
        try {
          await desk.settleAlerts(budgetId, { kind: 'settle-deliveries', copyId, results });
          break;
        } catch (error) {
          if (stopped()) break;
          log.debug({ budget: budgetId, err: error }, 'what became of alerts could not be written yet');
          await pause(scheduler, AGAIN_MS);
        }
      }
      for (const { done } of batch) done();
    }
    this.writing.delete(budgetId);
  }
}
