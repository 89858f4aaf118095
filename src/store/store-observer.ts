import type { BudgetStore, StoreFailure } from './store.js';

/** What a store is asked. */
export type StoreOperation = Exclude<keyof BudgetStore, 'name' | 'exclusive' | 'close'>;

/** `unforeseen`: no `StoreError`, so a fault of this service. */
export type StoreOutcome = 'ok' | StoreFailure | 'unforeseen';

/** Whom an observed store tells how long it took: metrics. Must neither throw nor wait. */
export interface StoreObserver {
  ended(operation: StoreOperation, outcome: StoreOutcome, ms: number): void;
}

/** Puts each operation into whatever surrounds it, such as a span of a trace. */
export type Surroundings = <T>(operation: StoreOperation, run: () => Promise<T>) => Promise<T>;
