import type {
  Caller,
  DenialQuery,
  DistributionQuery,
  ServicePort,
  UsageQuery,
} from '../../src/arbiter/service-port.js';
import type { SimulationQuery } from '../../src/replay/simulate-policy.js';
import { STATS } from './samples.js';

/** What a server needs beside its service port, with ready answers and ids that a test knows. */
export const READY_ANSWERS = {
  ids: { nonce: () => 'nonce-1', requestId: () => 'made-1', copyId: () => 'copy-1' },
  getDistribution: async () => ({ stats: STATS }),
  listUsage: async () => ({ rows: [], totalTokens: 0, totalCalls: 0, budgetTokens: 0 }),
  listDenials: (...asked: Parameters<typeof listDenials>) => listDenials(...asked),
  simulatePolicy: async () => ({ comparison: undefined, recordedTokens: 0 }),
};

/** As the service does, but for its semaphore. */
const listDenials = (servicePort: ServicePort, budgetId: string, query: DenialQuery, caller: Caller) =>
  servicePort.denials(budgetId, query, caller);

/** The same, asking the service port first, as the service does: a guarded one refuses then. */
export const ANSWERS_BY_THE_PORT = {
  async getDistribution(
    servicePort: ServicePort,
    budgetId: string,
    _query: DistributionQuery,
    caller: Caller,
  ) {
    await servicePort.submit(budgetId, { kind: 'get-snapshot' }, caller);
    return { stats: STATS };
  },
  async listUsage(servicePort: ServicePort, budgetId: string, _query: UsageQuery, caller: Caller) {
    await servicePort.submit(budgetId, { kind: 'get-snapshot' }, caller);
    return { rows: [], totalTokens: 0, totalCalls: 0, budgetTokens: 0 };
  },
  listDenials,
  async simulatePolicy(servicePort: ServicePort, budgetId: string, _query: SimulationQuery, caller: Caller) {
    await servicePort.submit(budgetId, { kind: 'get-snapshot' }, caller);
    return { comparison: undefined, recordedTokens: 0 };
  },
};
