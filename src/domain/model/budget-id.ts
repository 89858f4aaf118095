import { fits, TEXTS } from './field-limits.js';

/** What a budget id looks like, for messages. */
export const BUDGET_ID_RULE = `${TEXTS.budgetId.least} to ${TEXTS.budgetId.most} characters of a-z, 0-9, ".", "_" and "-", the first a letter or digit`;

export function isBudgetId(text: string): boolean {
  return fits(TEXTS.budgetId, text);
}
