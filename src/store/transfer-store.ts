import type { DenialRecord } from '../domain/denials/records.js';
import type { UsageDay } from '../domain/model/state.js';
import type { DenialPosition } from './denial-store.js';
import type { BudgetStore } from './store.js';
import type { StoreLabel } from './store-mark.js';

/** A store as a migration, a backup or a restore sees it: all that is in it, and its label with a mark. No service runs on it meanwhile. */
export interface TransferStore extends BudgetStore {
  /** For a person, without passwords. */
  readonly place: string;

  /** Usage documents of a budget, those of earlier epochs included: by epoch, then by day, those after `after`. */
  listDays(budgetId: string, after: DayPosition | undefined, limit: number): Promise<UsageDay[]>;

  /** Denials of a budget, those of earlier epochs included: by epoch, then by start and writer, those after `after`. */
  listDenials(budgetId: string, after: DenialPosition | undefined, limit: number): Promise<DenialRecord[]>;

  readLabel(): Promise<StoreLabel>;
  /** One atomic compare-and-swap by identity and revision. False: the store has another label by now. */
  replaceLabel(before: StoreLabel, label: StoreLabel): Promise<boolean>;

  /** Names of the replicas that serve from it. A replica that starts now sees the mark that was set before. */
  runningReplicas(): Promise<string[]>;
}

export type DayPosition = Pick<UsageDay, 'epoch' | 'day'>;
