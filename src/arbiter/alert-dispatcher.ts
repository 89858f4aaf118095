import type { ClaimDeliveriesRequest, RecordDeliveriesRequest } from '../domain/model/requests.js';
import type { StoredAlert } from '../domain/model/state.js';

/** Sinks within the process. */
export type LocalKind = 'log' | 'metric';

/** What carries alerts to sinks, as the arbiter sees it. No method may throw or wait. */
export interface AlertDispatcher {
  /** The sinks to be told of an alert, by name. They are noted in its mark by the commit that raises it. */
  sinksFor(budgetId: string, rule: string): readonly string[];
  /** Whether the log tells it, or a metric counts it. */
  isFor(kind: LocalKind, budgetId: string, rule: string): boolean;
  /** The marks of a committed state, by their keys: what there is to deliver, and what became of it. */
  saw(budgetId: string, epoch: number, marks: ReadonlyMap<string, StoredAlert>): void;
}

export type DeliveryRequest = ClaimDeliveriesRequest | RecordDeliveriesRequest;

/** Where the dispatcher takes over deliveries and says what became of them. Rejects if that cannot be committed now. */
export interface DeliveryPort {
  recordDeliveries(budgetId: string, request: DeliveryRequest): Promise<void>;
}
