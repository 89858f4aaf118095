import type {
  SimulatePolicyRequest,
  SimulatePolicyResponse,
} from '../../gen/budgetarbiter/v1/budget_admin_service.js';
import { unlessRefused } from '../failures/request-error.js';
import { readSimulation } from '../read/simulation.js';
import type { UnaryHandler } from '../service.js';
import { simulationMessage } from '../write/simulation.js';

export const simulatePolicy: UnaryHandler<SimulatePolicyRequest, SimulatePolicyResponse> = async (
  message,
  caller,
  services,
) => {
  const { budgetId, query } = readSimulation(message);
  const answer = await services.simulatePolicy(services.servicePort, budgetId, query, caller);
  return simulationMessage(unlessRefused(answer));
};
