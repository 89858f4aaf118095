import { LONGEST_RETRY_MS } from '../domain/alerts/alert-deliveries.js';
import type { PendingDelivery, StoredAlert, StoredDelivery } from '../domain/model/state.js';

const FIRST_RETRY_MS = 1_000;
const LONGEST_BACKOFF_MS = 300_000;

/** One notice on its way from this copy to one sink. */
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
