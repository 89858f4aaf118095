import type { BudgetEvent } from '../domain/model/events.js';
import type { Outcome } from '../domain/model/outcomes.js';
import type { AcquireRequest, BudgetRequest } from '../domain/model/requests.js';

/**
 * Whom an arbiter tells what it does, beside callers, watchers and the log: metrics. Everything here is called on the way of
 * every request, so an implementation must neither throw nor wait.
 */
export interface ArbiterObserver {
  /** Asked once for every queue, which keeps it. */
  budget(budgetId: string): BudgetObserver;
}

export interface BudgetObserver {
  /**
   * Its outcome stands, and whatever it changed is durable; `at`: when it was decided. A denial is told only once its request has
   * stopped waiting.
   */
  decided(request: BudgetRequest, outcome: Outcome, at: number): void;
  /** It is not granted at once, and stays for a slot, so long at most. */
  waits?(request: AcquireRequest, waitMs: number, at: number): void;
  /** What happened, once it is durable. */
  happened(events: readonly BudgetEvent[]): void;
  /** A batch of so many requests was decided. */
  batch(requests: number): void;
  /** Its commit won, `ms` after it was sent. */
  committed(ms: number): void;
  /** Another replica committed first. */
  lostRace(): void;
  /** A commit's answer did not come; whether it was applied is found out by looking. */
  unknownOutcome(): void;
}

const UNOBSERVED_BUDGET: BudgetObserver = {
  decided: () => {},
  happened: () => {},
  batch: () => {},
  committed: () => {},
  lostRace: () => {},
  unknownOutcome: () => {},
};

/** Several observers as one. */
export function together(observers: readonly ArbiterObserver[]): ArbiterObserver {
  return {
    budget(budgetId) {
      const all = observers.map((observer) => observer.budget(budgetId));
      const each = (tell: (observer: BudgetObserver) => void) => {
        for (const observer of all) tell(observer);
      };
      return {
        decided: (...told) => each((observer) => observer.decided(...told)),
        waits: (...told) => each((observer) => observer.waits?.(...told)),
        happened: (...told) => each((observer) => observer.happened(...told)),
        batch: (...told) => each((observer) => observer.batch(...told)),
        committed: (...told) => each((observer) => observer.committed(...told)),
        lostRace: () => each((observer) => observer.lostRace()),
        unknownOutcome: () => each((observer) => observer.unknownOutcome()),
      };
    },
  };
}

export const UNOBSERVED: ArbiterObserver = { budget: () => UNOBSERVED_BUDGET };
