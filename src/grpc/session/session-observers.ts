import { type MethodObserver, type RpcObserver, UNOBSERVED_CALLS } from '../../api/rpc-observer.js';
import { BudgetServiceService } from '../../gen/budgetarbiter/v1/budget_service.js';

/** How the calls of a session are answered, other than by an error. */
export type Answered = 'acquired' | 'renewed' | 'recorded' | 'released';

/** A call within a session is counted as one of its own would be. */
export function sessionObservers(
  observer: RpcObserver = UNOBSERVED_CALLS,
): Readonly<Record<Answered, MethodObserver>> {
  const { acquireSlot, renewSlot, recordUsage, release } = BudgetServiceService;
  return {
    acquired: observer.method(acquireSlot.path),
    renewed: observer.method(renewSlot.path),
    recorded: observer.method(recordUsage.path),
    released: observer.method(release.path),
  };
}
