import type { UsageRow as Row } from '../../arbiter/service-port.js';
import type {
  AdjustUsageRequest,
  AdjustUsageResponse,
  ListUsageRequest,
  ListUsageResponse,
  UsageRow,
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
    rows: answer.rows.map(rowMessage),
    totalTokens: answer.totalTokens,
    totalCalls: answer.totalCalls,
    budgetTokens: answer.budgetTokens,
    nextPageToken: answer.nextKey === undefined ? '' : pageToken(pageQuery, answer.nextKey),
  };
};

function rowMessage({ start, presumed, late, ...row }: Row): UsageRow {
  const { key, tokens, calls, failedCalls, day = '', aiId = '', model = '', teamId = '' } = row;
  const amounts = { tokens, presumedTokens: presumed, lateTokens: late, calls, failedCalls };
  return { key, start: optionalDate(start), ...amounts, day, aiId, model, teamId };
}
