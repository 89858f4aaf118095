import type { ArbiterObserver, BudgetObserver } from '../arbiter/observer.js';
import type { MetricsSettings } from '../config/metrics-file.js';
import type { BudgetEvent } from '../domain/model/events.js';
import type { Outcome } from '../domain/model/outcomes.js';
import type { BudgetRequest } from '../domain/model/requests.js';
import { OTHER } from '../domain/model/types.js';
import { BudgetTally, sharedTally } from './budget-tally.js';

/** A tally for each budget, up to a bound; beyond it one for all others, so that names cannot fill the memory of whoever scrapes. */
export class BudgetTallies implements ArbiterObserver {
  readonly shared = sharedTally();
  private readonly named = new Map<string, BudgetTally>();
  private readonly rest: BudgetTally;
  private readonly namedAis: ReadonlySet<string>;

  constructor(private readonly settings: MetricsSettings) {
    this.namedAis = new Set(settings.aiLabels);
    this.rest = new BudgetTally(this.shared, this.namedAis);
  }

  budget(budgetId: string): BudgetObserver {
    return new Handle(this, budgetId);
  }

  /** The budget exists, as far as anybody knows: its tally, a new one if there is room for its name. */
  of(budgetId: string): BudgetTally {
    const found = this.named.get(budgetId);
    if (found !== undefined) return found;
    if (this.named.size >= this.settings.maxBudgets) return this.rest;
    const made = new BudgetTally(this.shared, this.namedAis);
    this.named.set(budgetId, made);
    return made;
  }

  /** The budget was deleted: its name is free for another. */
  forget(budgetId: string): void {
    const tally = this.named.get(budgetId);
    if (tally === undefined) return;
    tally.forgotten = true;
    this.named.delete(budgetId);
  }

  has(budgetId: string): boolean {
    return this.named.has(budgetId);
  }

  get names(): string[] {
    return [...this.named.keys()];
  }

  get full(): boolean {
    return this.named.size >= this.settings.maxBudgets;
  }

  /** With the label of each. What is counted together appears once there is something. */
  *all(): Iterable<readonly [string, BudgetTally]> {
    yield* this.named;
    if (this.full) yield [OTHER, this.rest];
  }
}

/**
 * What a queue holds. It takes a tally only when there is something to count, since anybody may ask for a budget that never
 * was, and such a name must not take the place of a real one.
 */
class Handle implements BudgetObserver {
  private tally: BudgetTally | undefined;

  constructor(
    private readonly tallies: BudgetTallies,
    private readonly budgetId: string,
  ) {}

  private get own(): BudgetTally {
    if (this.tally === undefined || this.tally.forgotten) this.tally = this.tallies.of(this.budgetId);
    return this.tally;
  }

  decided(request: BudgetRequest, outcome: Outcome): void {
    if (COUNTED.has(outcome.kind)) this.own.decided(request, outcome);
  }

  happened(events: readonly BudgetEvent[]): void {
    this.own.happened(events);
  }

  batch(requests: number): void {
    this.tallies.shared.batches.add(requests);
  }

  committed(ms: number): void {
    this.tallies.shared.commits.addMs(ms);
  }

  lostRace(): void {
    this.own.lostRace();
  }

  unknownOutcome(): void {
    this.own.unknownOutcome();
  }
}

/** Outcomes that only a budget which exists can have. */
const COUNTED: ReadonlySet<Outcome['kind']> = new Set([
  'granted',
  'denied',
  'renewed',
  'recorded',
  'released',
]);
