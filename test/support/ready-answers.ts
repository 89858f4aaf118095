import type { Caller, DistributionQuery, Door, UsageQuery } from '../../src/arbiter/door.js';
import { STATS } from './samples.js';

/** What a server needs beside its door, with ready answers and ids that a test knows. */
export const READY_ANSWERS = {
  ids: { nonce: () => 'nonce-1', requestId: () => 'made-1', copyId: () => 'copy-1' },
  getDistribution: async () => ({ stats: STATS }),
  listUsage: async () => ({ rows: [] }),
};

/** The same, asking the door first, as the service does: a guarded one refuses then. */
export const ANSWERS_BY_THE_DOOR = {
  async getDistribution(door: Door, budgetId: string, _query: DistributionQuery, caller: Caller) {
    await door.submit(budgetId, { kind: 'get-snapshot' }, caller);
    return { stats: STATS };
  },
  async listUsage(door: Door, budgetId: string, _query: UsageQuery, caller: Caller) {
    await door.submit(budgetId, { kind: 'get-snapshot' }, caller);
    return { rows: [] };
  },
};
