import type {
  AdjustUsageRequest,
  AdjustUsageResponse,
  ListUsageRequest,
  ListUsageResponse,
} from '../../gen/budgetarbiter/v1/budget_admin_service.js';
import { answered, unlessRefused } from '../failures/request-error.js';
import { pageToken } from '../page-token.js';
import { readListUsage } from '../read/list-requests.js';
import { readAdjust } from '../read/usage-requests.js';
import type { UnaryHandler } from '../service.js';
import { optionalDate } from '../write/time.js';

export const adjustUsage: UnaryHandler<AdjustUsageRequest, AdjustUsageResponse> = async (
  message,
  caller,
  { servicePort },
) => {
  const { budgetId, request } = readAdjust(message);
  const { day, dayTotal, replayed } = answered(await servicePort.submit(budgetId, request, caller));
  return { day, dayTotalTokens: dayTotal, replayed };
};

export const listUsage: UnaryHandler<ListUsageRequest, ListUsageResponse> = async (
  message,
  caller,
  services,
) => {
  const { budgetId, pageQuery, query } = readListUsage(message);
  const answer = unlessRefused(await services.listUsage(services.servicePort, budgetId, query, caller));
  return {
    rows: answer.rows.map(({ key, start, tokens, presumed, late, calls, failedCalls }) => ({
      key,
      start: optionalDate(start),
      tokens,
      presumedTokens: presumed,
      lateTokens: late,
      calls,
      failedCalls,
    })),
    nextPageToken: answer.nextKey === undefined ? '' : pageToken(pageQuery, answer.nextKey),
  };
};
