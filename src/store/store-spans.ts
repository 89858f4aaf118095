import { SpanKind } from '@opentelemetry/api';
import type { Tracing } from '../platform/tracing.js';
import type { BudgetStore } from './store.js';
import type { Surroundings } from './store-observer.js';

const SYSTEMS: Readonly<Record<BudgetStore['name'], string>> = {
  memory: 'memory',
  lmdb: 'lmdb',
  mongo: 'mongodb',
};

/** A span for each operation of the store, in the trace of whoever asks. */
export function storeSpans(tracing: Tracing, name: BudgetStore['name']): Surroundings {
  const attributes = { 'db.system.name': SYSTEMS[name] };
  return (operation, run) => {
    const own = { ...attributes, 'db.operation.name': operation };
    return tracing.step(`store.${operation}`, own, run, SpanKind.CLIENT);
  };
}
