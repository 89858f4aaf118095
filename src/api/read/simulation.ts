import { NUMBERS } from '../../domain/model/field-limits.js';
import type { SimulatePolicyRequest } from '../../gen/budgetarbiter/v1/budget_admin_service.js';
import type { SimulationQuery } from '../../replay/simulate-policy.js';
import { readUpdate } from './budget-requests.js';
import { Checks } from './checks.js';

export function readSimulation(message: SimulatePolicyRequest): { budgetId: string; query: SimulationQuery } {
  const { budgetId, policy, updateMask, preset } = message;
  const { days = 28, demandPercent = 100, returnsPercent = 0 } = message;
  const checks = new Checks();
  checks.amount('days', days, NUMBERS.simulatedDays);
  checks.amount('demand_percent', demandPercent, NUMBERS.demandPercent);
  checks.amount('returns_percent', returnsPercent, NUMBERS.returnsPercent);
  checks.done();
  const change = { budgetId, policy, updateMask, preset };
  const rest = { etag: undefined, allowMissing: false, validateOnly: true, reason: '' };
  const { request } = readUpdate({ ...change, ...rest });
  const { fields, updateMask: mask } = request;
  return {
    budgetId,
    query: {
      change: { fields, ...(mask !== undefined && { updateMask: mask }) },
      ...{ days, scale: demandPercent / 100, returns: returnsPercent / 100 },
    },
  };
}
