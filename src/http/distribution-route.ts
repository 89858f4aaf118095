import { PERMISSIONS } from '../access/permissions.js';
import { unlessRefused } from '../api/failures/request-error.js';
import { readDistribution } from '../api/read/slot-requests.js';
import type { DistributionQuery } from '../arbiter/service-port.js';
import type { Refused } from '../domain/model/outcomes.js';
import type { DistributionStats } from '../domain/statistics/distribution.js';
import { distributionJson } from './distribution-json.js';
import type { Endpoint } from './endpoint.js';
import { readQuery } from './query.js';

export type GetDistribution = (
  budgetId: string,
  query: DistributionQuery,
) => Promise<{ readonly stats: DistributionStats } | Refused>;

const PARAMETERS = ['budget_id', 'month', 'day'];

/** `GET /api/token-usage/distribution?budget_id=&month=&day=`, read and refused as `GetDistribution` is. */
export function distributionEndpoint(defaultBudget: string, getDistribution: GetDistribution): Endpoint {
  return {
    path: '/api/token-usage/distribution',
    methods: ['GET'],
    access: PERMISSIONS.http,
    answer: async ({ query, maySee }) => {
      const { budgetId, request } = readDistributionQuery(query, defaultBudget);
      maySee(budgetId);
      const { stats } = unlessRefused(await getDistribution(budgetId, request));
      return { status: 200, body: distributionJson(stats) };
    },
  };
}

/** Which month of a budget, and which of its days, as a query names them. */
export function readDistributionQuery(query: URLSearchParams, defaultBudget: string) {
  const read = readQuery(query, PARAMETERS);
  const budgetId = read.get('budget_id') ?? defaultBudget;
  return readDistribution({ budgetId, month: read.get('month'), day: read.get('day') });
}
