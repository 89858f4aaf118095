import type { DeliveryPort } from '../arbiter/alert-dispatcher.js';
import { LONGEST_RETRY_MS } from '../domain/alerts/alert-deliveries.js';
import { toldOf } from '../domain/alerts/notices.js';
import type { DeliveryResult } from '../domain/model/requests.js';
import type { PendingDelivery, StoredAlert, StoredDelivery } from '../domain/model/state.js';
import type { Log } from '../platform/log.js';
import { pause, type Scheduler } from '../platform/scheduler.js';

const FIRST_RETRY_MS = 1_000;
const LONGEST_BACKOFF_MS = 300_000;

/** One notice on its way from this replica to one sink. */
export interface Delivery {
  readonly budgetId: string;
  readonly epoch: number;
  /** The key of the alert's mark. */
  readonly key: string;
  readonly alert: StoredAlert;
  readonly pending: PendingDelivery;
  /** By the monotonic clock: until then nobody else sends it. */
  readonly heldUntil: number;
  /**
   * - waiting: for its time, or for its turn.
   * - telling: it is being sent, or what became of it is being committed.
   */
  state: 'waiting' | 'telling';
  /** Calls off the waiting. */
  cancel: () => void;
}

/** The alert was not raised again meanwhile. */
export function sameNotice(
  one: Pick<Delivery, 'epoch' | 'alert'>,
  other: Pick<Delivery, 'epoch' | 'alert'>,
): boolean {
  const [before, after] = [toldOf(one.alert), toldOf(other.alert)];
  return one.epoch === other.epoch && before.number === after.number && before.raisedAt === after.raisedAt;
}

/** The same try: nothing was committed about it meanwhile. */
export function sameTry(one: PendingDelivery, other: StoredDelivery): boolean {
  return (
    other.status === 'PENDING' &&
    one.notice === other.notice &&
    one.failures === other.failures &&
    one.since === other.since &&
    one.copyId === other.copyId
  );
}

/** Twice as long with each failure, up to 5 minutes; jittered, so that many alerts do not come back in step. */
export function retryInMs(failures: number, random: number, wantedMs = 0): number {
  const most = Math.min(LONGEST_BACKOFF_MS, FIRST_RETRY_MS * 2 ** Math.min(failures, 20));
  const jittered = most * (0.5 + random / 2);
  return Math.round(Math.min(Math.max(jittered, wantedMs), LONGEST_RETRY_MS));
}

/** To one sink so many tries at once: one that hangs must hold up neither the others nor the process. */
const PER_SINK = 2;

/** Tasks that wait for their turn, by sink. */
export class Lanes {
  private readonly running = new Map<string, number>();
  private readonly waiting = new Map<string, (() => Promise<void>)[]>();

  add(sink: string, task: () => Promise<void>): void {
    const queue = this.waiting.get(sink) ?? [];
    queue.push(task);
    this.waiting.set(sink, queue);
    this.next(sink);
  }

  clear(): void {
    this.waiting.clear();
  }

  get busy(): boolean {
    return this.running.size > 0;
  }

  private next(sink: string): void {
    const running = this.running.get(sink) ?? 0;
    if (running >= PER_SINK) return;
    const task = this.waiting.get(sink)?.shift();
    if (task === undefined) {
      this.waiting.delete(sink);
      return;
    }
    this.running.set(sink, running + 1);
    void task().finally(() => {
      const left = (this.running.get(sink) ?? 1) - 1;
      if (left === 0) this.running.delete(sink);
      else this.running.set(sink, left);
      this.next(sink);
    });
  }
}

const AGAIN_MS = 1_000;

interface DeliveryResultsOptions {
  readonly deliveryPort: DeliveryPort;
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
export class DeliveryResults {
  private readonly waiting = new Map<string, Waiting[]>();
  private readonly writing = new Set<string>();

  constructor(private readonly options: DeliveryResultsOptions) {}

  get busy(): boolean {
    return this.writing.size > 0;
  }

  /** Resolves when it is durable, or when this replica stops. */
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
    const { deliveryPort, copyId, scheduler, log, stopped } = this.options;
    this.writing.add(budgetId);
    for (;;) {
      const batch = this.waiting.get(budgetId) ?? [];
      this.waiting.delete(budgetId);
      if (batch.length === 0) break;
      const results = batch.map(({ result }) => result);
      for (;;) {
        try {
          await deliveryPort.recordDeliveries(budgetId, { kind: 'record-deliveries', copyId, results });
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
