import type { StoredChange } from '../../domain/model/changes.js';
import type {
  ListChangesRequest,
  ListChangesResponse,
} from '../../gen/budgetarbiter/v1/budget_admin_service.js';
import { answered } from '../failures/request-error.js';
import { pageToken } from '../page-token.js';
import { readListChanges } from '../read/list-requests.js';
import type { UnaryHandler } from '../service.js';
import { changeMessage } from '../write/change.js';

/** Read together; a few more pages cost less than what large policies take. */
const AT_ONCE = 25;
/** Clients refuse answers above 4 MiB. A change of a policy tells it three times: before, after, and to undo it. */
const MAX_PAGE_BYTES = 512 * 1024;

export const listChanges: UnaryHandler<ListChangesRequest, ListChangesResponse> = async (
  message,
  caller,
  { servicePort },
) => {
  const { budgetId, query, below, size } = readListChanges(message);
  const known = answered(await servicePort.submit(budgetId, { kind: 'get-changes' }, caller));
  const shown: StoredChange[] = [];
  let next: StoredChange | undefined;
  for (let bytes = 0, from = below; next === undefined; ) {
    const some = await servicePort.changes(known, from, AT_ONCE);
    for (const change of some) {
      bytes += JSON.stringify(change.body).length;
      const fits = shown.length < size && (bytes <= MAX_PAGE_BYTES || shown.length === 0);
      if (fits) shown.push(change);
      else next ??= change;
    }
    if (some.length < AT_ONCE) break;
    from = some.at(-1)?.number ?? 0;
  }
  return {
    changes: shown.map((change) => changeMessage(change, known.budget)),
    nextPageToken: next === undefined ? '' : pageToken(query, String(shown.at(-1)?.number)),
  };
};
