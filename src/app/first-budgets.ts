import type { Arbiter } from '../arbiter/arbiter.js';
import { NOBODY } from '../arbiter/pending.js';
import type { Config } from '../config/config.js';
import type { PolicyFields } from '../domain/model/policy.js';
import { samePolicy, tidyPolicy } from '../domain/policy/policy-update.js';
import type { Log } from '../platform/log.js';
import { StartError } from '../platform/start-error.js';

/** Creates the budgets of CONFIG_FILE that are missing, and the default one in a store without budgets. Changes none. */
export async function createFirstBudgets(arbiter: Arbiter, config: Config, log: Log): Promise<void> {
  for (const { budgetId, fields } of config.budgets) await createMissing(arbiter, budgetId, fields, log);
  const [any] = await arbiter.listBudgets('', 1);
  if (any === undefined) await createMissing(arbiter, config.defaultBudget, {}, log);
}

async function createMissing(
  arbiter: Arbiter,
  budgetId: string,
  fields: PolicyFields,
  log: Log,
): Promise<void> {
  const request = { kind: 'put-policy', fields, onlyCreate: true, principal: 'CONFIG_FILE' } as const;
  const outcome = await arbiter.submit(budgetId, request, NOBODY);
  if (outcome.kind === 'refused') {
    throw new StartError(`budget ${budgetId} could not be created: ${JSON.stringify(outcome.refusal)}`);
  }
  if (samePolicy(outcome.budget.policyFields, tidyPolicy(fields))) return;
  log.warn(
    { budget: budgetId, stored: outcome.budget.policyFields, configured: fields },
    `CONFIG_FILE differs from the stored policy of ${budgetId}, which stays in force; ` +
      'to apply the file, call budgetarbiter.v1.BudgetAdminService/UpdateBudget with its policy and the update mask "*"',
  );
}
