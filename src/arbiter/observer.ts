import type { BudgetEvent } from '../domain/model/events.js';
import type { Outcome } from '../domain/model/outcomes.js';
import type { BudgetRequest } from '../domain/model/requests.js';

/**
 * Whom an arbiter tells what it does, beside callers, watchers and the log: metrics. Everything here is called on the way of
 * every request, so an implementation must neither throw nor wait.
 */
export interface ArbiterObserver {
  /** Asked once for every queue, which keeps it. */
  budget(budgetId: string): BudgetObserver;
}

export interface BudgetObserver {
  /** Its outcome stands, and whatever it changed is durable. A denial is told only once its request has stopped waiting. */
  decided(request: BudgetRequest, outcome: Outcome): void;
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

export const UNOBSERVED: ArbiterObserver = { budget: () => UNOBSERVED_BUDGET };
