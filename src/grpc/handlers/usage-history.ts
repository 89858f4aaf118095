import type {
  AdjustUsageRequest,
  AdjustUsageResponse,
  ListUsageRequest,
  ListUsageResponse,
} from '../../gen/budget/v1/budget_admin_service.js';
import { pageToken } from '../page-token.js';
import { answered, unlessRefused } from '../request-error.js';
import type { UnaryHandler } from '../service.js';
import { optionalDate } from '../to-message/time.js';
import { readListUsage } from '../validate/list-requests.js';
import { readAdjust } from '../validate/usage-requests.js';

export const adjustUsage: UnaryHandler<AdjustUsageRequest, AdjustUsageResponse> = async (
  message,
  caller,
  { door },
) => {
  const { budgetId, request } = readAdjust(message);
  const { day, dayTotal, replayed } = answered(await door.submit(budgetId, request, caller));
  return { day, dayTotalTokens: dayTotal, replayed };
};

export const listUsage: UnaryHandler<ListUsageRequest, ListUsageResponse> = async (
  message,
  caller,
  services,
) => {
  const { budgetId, pageQuery, query } = readListUsage(message);
  const answer = unlessRefused(await services.listUsage(services.door, budgetId, query, caller));
  return {
    rows: answer.rows.map(({ key, start, tokens, presumed, late }) => ({
      key,
      start: optionalDate(start),
      tokens,
      presumedTokens: presumed,
      lateTokens: late,
    })),
    nextPageToken: answer.nextKey === undefined ? '' : pageToken(pageQuery, answer.nextKey),
  };
};
