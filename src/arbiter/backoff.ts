import { pause, type Scheduler } from '../platform/scheduler.js';
import type { Context } from './context.js';
import { logLostRace } from './event-log.js';

const LOST_RACE_MS = 50;

/** A random wait, up to twice as long with each attempt: two copies that raced must not race again in step. */
export function backoffMs(scheduler: Scheduler, attempt: number, mostMs: number): number {
  return scheduler.random() * Math.min(mostMs, 2 ** Math.min(attempt, 20));
}

/** After so many races lost in a row. */
export async function pauseAfterLoss(
  { scheduler, log }: Context,
  budgetId: string,
  lostInRow: number,
): Promise<void> {
  const waitMs = backoffMs(scheduler, lostInRow, LOST_RACE_MS);
  logLostRace(log, budgetId, lostInRow, Math.round(waitMs));
  await pause(scheduler, waitMs);
}
