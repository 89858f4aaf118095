import type { RenewSlotResponse } from '../gen/budgetarbiter/v1/budget_service.js';
import { secondsOf } from '../time.js';
import { CallFailure } from './call-failure.js';
import type { KeptLease } from './kept-lease.js';

const LEAST_MS = 100;

/** Renews at a third of the time that is left: at a third of the time to live, and ever sooner while the service is away. */
export function startHeartbeat(
  kept: KeptLease,
  renew: (timeoutMs: number) => Promise<RenewSlotResponse>,
): void {
  // By the answer and the monotonic clock, since this machine's wall clock may differ from the service's.
  let endsAt = performance.now() + kept.ttlMs;
  let timer: NodeJS.Timeout;
  let over = false;
  const beat = async (): Promise<void> => {
    const sentAt = performance.now();
    const leftMs = endsAt - sentAt;
    if (leftMs <= 0) {
      kept.lose('the lease ran out before it could be renewed');
      return;
    }
    try {
      const { lease } = await renew(Math.max(leftMs / 3, LEAST_MS));
      if (lease?.expiresIn !== undefined) endsAt = sentAt + secondsOf(lease.expiresIn) * 1_000;
    } catch (error) {
      if (!over && error instanceof CallFailure && !error.isPassing) kept.lose(error.message);
    }
    plan();
  };
  const plan = (): void => {
    if (over) return;
    const leftMs = endsAt - performance.now();
    timer = setTimeout(() => void beat(), Math.min(Math.max(leftMs, 0), Math.max(leftMs / 3, LEAST_MS)));
    timer.unref();
  };
  kept.onLetGo(() => {
    over = true;
    clearTimeout(timer);
  });
  plan();
}
