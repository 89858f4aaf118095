import { PERMISSIONS } from '../access/permissions.js';
import type { Endpoint } from './endpoint.js';
import { Content } from './response.js';

/** No budget has this id, and only who may see all budgets has a role that fits it. */
const EVERY_BUDGET = '*';

export type MetricsPage = () => Promise<{ readonly type: string; readonly text: string }>;

/** `GET /metrics`, for Prometheus. It tells of every budget, so a role for some of them is not enough. */
export function metricsEndpoint(page: MetricsPage): Endpoint {
  return {
    path: '/metrics',
    methods: ['GET'],
    access: PERMISSIONS.http,
    untraced: true,
    answer: async ({ maySee }) => {
      maySee(EVERY_BUDGET);
      const { type, text } = await page();
      return { status: 200, body: Content.text(type, text) };
    },
  };
}
