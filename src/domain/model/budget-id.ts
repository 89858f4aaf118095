const BUDGET_ID = /^[a-z0-9][a-z0-9._-]{0,62}$/;

/** What a budget id looks like, for messages. */
export const BUDGET_ID_RULE = '1 to 63 characters of a-z, 0-9, ".", "_" and "-", the first a letter or digit';

export function isBudgetId(text: string): boolean {
  return BUDGET_ID.test(text);
}
