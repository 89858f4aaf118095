import type { StoredPresumed, UsageDay } from '../../domain/model/state.js';
import { fieldsOf, mapOf } from './field-names.js';

/** One budget's local day, whole. `_id` carries the budget, so that it is unique however the collection is sharded. */
export interface UsageDocument
  extends Omit<UsageDay, 'budgetId' | 'format' | 'ais' | 'models' | 'presumedBy'> {
  readonly _id: string;
  readonly budget: string;
  readonly ais: Readonly<Record<string, number>>;
  readonly models: Readonly<Record<string, number>>;
  /** Absent in documents of format 1, as is `presumedBy`. */
  readonly format?: number;
  readonly presumedBy?: Readonly<Record<string, StoredPresumed>>;
}

/** No budget id has a colon, and days sort as text. */
export function usageDocumentId(budgetId: string, epoch: number, day: string): string {
  return `${budgetId}:${epoch}:${day}`;
}

export function usageDocument({ budgetId, ais, models, presumedBy, ...day }: UsageDay): UsageDocument {
  return {
    _id: usageDocumentId(budgetId, day.epoch, day.day),
    budget: budgetId,
    ...day,
    ais: fieldsOf(ais),
    models: fieldsOf(models),
    presumedBy: fieldsOf(presumedBy),
  };
}

export function usageDay(document: UsageDocument): UsageDay {
  const { _id, budget, format = 1, ais, models, presumedBy, ...day } = document;
  const maps = { ais: mapOf(ais), models: mapOf(models), presumedBy: mapOf(presumedBy) };
  return { format, budgetId: budget, ...day, ...maps };
}
