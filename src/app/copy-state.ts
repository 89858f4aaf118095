import type { Arbiter } from '../arbiter/arbiter.js';
import type { CopyState } from '../metrics/copy-gauges.js';
import type { ComparingClock } from '../platform/clock.js';
import { version } from '../platform/version.js';
import type { BudgetStore } from '../store/store.js';
import type { Readiness } from './readiness.js';

/** What this copy of the service tells of itself in its metrics. */
export function copyState(
  store: BudgetStore,
  arbiter: Arbiter,
  clock: ComparingClock,
  readiness: Readiness,
): CopyState {
  return {
    ...{ version: version(), store: store.name },
    load: () => arbiter.load(),
    watchers: () => arbiter.counts.watchers,
    serving: () => readiness.ready,
    clockTrusted: () => clock.read().trusted,
    clockSkewMs: () => clock.skewMs(),
  };
}
