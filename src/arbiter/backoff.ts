import type { Scheduler } from '../platform/scheduler.js';

/** A random wait, up to twice as long with each attempt: two replicas that raced must not race again in step. */
export function backoffMs(scheduler: Scheduler, attempt: number, mostMs: number): number {
  return scheduler.random() * Math.min(mostMs, 2 ** Math.min(attempt, 20));
}
