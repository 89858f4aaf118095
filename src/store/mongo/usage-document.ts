import type { UsageDay } from '../../domain/state.js';
import { fieldsOf, mapOf } from './field-names.js';

/** One budget's local day, whole. `_id` carries the budget, so that it is unique however the collection is sharded. */
export interface UsageDocument extends Omit<UsageDay, 'budgetId' | 'ais' | 'models'> {
  readonly _id: string;
  readonly budget: string;
  readonly ais: Readonly<Record<string, number>>;
  readonly models: Readonly<Record<string, number>>;
}

/** No budget id has a colon, and days sort as text. */
export function usageDocumentId(budgetId: string, epoch: number, day: string): string {
  return `${budgetId}:${epoch}:${day}`;
}

export function usageDocument({ budgetId, ais, models, ...day }: UsageDay): UsageDocument {
  return {
    _id: usageDocumentId(budgetId, day.epoch, day.day),
    budget: budgetId,
    ...day,
    ais: fieldsOf(ais),
    models: fieldsOf(models),
  };
}

export function usageDay({ _id, budget, ais, models, ...day }: UsageDocument): UsageDay {
  return { budgetId: budget, ...day, ais: mapOf(ais), models: mapOf(models) };
}
