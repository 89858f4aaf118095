import type {
  AddTopUpRequest,
  AddTopUpResponse,
  EndTopUpRequest,
  EndTopUpResponse,
  ListTopUpsRequest,
  ListTopUpsResponse,
} from '../../gen/budgetarbiter/v1/budget_admin_service.js';
import { answered } from '../failures/request-error.js';
import { pageToken } from '../page-token.js';
import { readAddTopUp, readEndTopUp, readListTopUps } from '../read/top-up-requests.js';
import type { UnaryHandler } from '../service.js';
import { topUpMessage } from '../write/top-up.js';

export const addTopUp: UnaryHandler<AddTopUpRequest, AddTopUpResponse> = async (
  message,
  caller,
  { servicePort },
) => {
  const { budgetId, request } = readAddTopUp(message);
  const { topUp, replayed } = answered(await servicePort.submit(budgetId, request, caller));
  return { topUp: topUpMessage(topUp), replayed };
};

export const endTopUp: UnaryHandler<EndTopUpRequest, EndTopUpResponse> = async (
  message,
  caller,
  { servicePort },
) => {
  const { budgetId, request } = readEndTopUp(message);
  const { topUp } = answered(await servicePort.submit(budgetId, request, caller));
  return { topUp: topUpMessage(topUp) };
};

export const listTopUps: UnaryHandler<ListTopUpsRequest, ListTopUpsResponse> = async (
  message,
  caller,
  { servicePort },
) => {
  const { budgetId, query, after, size } = readListTopUps(message);
  const { snapshot } = answered(await servicePort.submit(budgetId, { kind: 'get-snapshot' }, caller));
  const found = snapshot.topUps.filter(({ topUpId }) => topUpId > after);
  const shown = found.toSorted((a, b) => (a.topUpId < b.topUpId ? -1 : 1)).slice(0, size);
  const last = shown.at(-1);
  const more = found.length > shown.length && last !== undefined;
  return { topUps: shown.map(topUpMessage), nextPageToken: more ? pageToken(query, last.topUpId) : '' };
};
