import { ACTION_MESSAGE, type ActionName, refusedFields } from '../access/audit-fields.js';
import { principalLabel } from '../access/principal.js';
import { RequestError } from './request-error.js';
import type { Services } from './service.js';

/**
 * Writes the audit's line for an action that was refused before the door heard of it, for what it says or how it is written;
 * what comes behind the door has a line already.
 */
export function tellUnlessDecided(
  error: unknown,
  action: ActionName,
  budgetId: unknown,
  { log, who = principalLabel(undefined) }: Pick<Services, 'log' | 'who'>,
): void {
  if (!(error instanceof RequestError) || error.decided) return;
  const { complaint } = error;
  const violations = 'violations' in complaint ? complaint.violations : [];
  const budget = typeof budgetId === 'string' ? budgetId : undefined;
  const refused = { action, who, budget, refusal: complaint.reason, fields: violations };
  log.info(refusedFields(refused), ACTION_MESSAGE);
}
