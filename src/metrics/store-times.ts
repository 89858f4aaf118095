import type { StoreFailure } from '../store/store.js';
import type { StoreObserver, StoreOperation, StoreOutcome } from '../store/store-observer.js';
import { Buckets, SECONDS } from './buckets.js';
import type { Exposition } from './exposition.js';

const FAILURES: readonly (StoreFailure | 'unforeseen')[] = [
  'unavailable',
  'unknown',
  'refused',
  'unforeseen',
];

interface Operation {
  readonly times: Buckets;
  readonly failures: Map<StoreOutcome, number>;
}

/** How long the store takes, and how it fails. */
export class StoreTimes implements StoreObserver {
  private readonly operations = new Map<StoreOperation, Operation>();

  ended(name: StoreOperation, outcome: StoreOutcome, ms: number): void {
    let operation = this.operations.get(name);
    if (operation === undefined) {
      // From zero on, so that the first failure is seen as a rise.
      const none = FAILURES.map((failure) => [failure, 0] as const);
      operation = { times: new Buckets(SECONDS), failures: new Map(none) };
      this.operations.set(name, operation);
    }
    operation.times.addMs(ms);
    if (outcome !== 'ok') operation.failures.set(outcome, (operation.failures.get(outcome) ?? 0) + 1);
  }

  expose(exposition: Exposition): void {
    exposition.histogram(
      {
        name: 'store_duration_seconds',
        help: 'How long operations of the store took, failed ones included.',
      },
      () => [...this.operations].map(([operation, { times }]) => [{ operation }, times] as const),
    );
    const errors = {
      name: 'store_errors_total',
      help: 'Operations of the store that failed: certainly not done, of unknown outcome, refused for good, or unforeseen.',
      labels: ['operation', 'failure'],
    };
    exposition.counter(errors, () =>
      [...this.operations].flatMap(([operation, { failures }]) =>
        [...failures].map(([failure, count]) => [{ operation, failure }, count] as const),
      ),
    );
  }
}
