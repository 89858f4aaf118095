import type { DenialRow as RowView, RuleSum } from '../../domain/denials/rows.js';
import { OTHER, RULES } from '../../domain/model/types.js';
import type {
  DenialRow,
  ListDenialsRequest,
  ListDenialsResponse,
  RuleDenials,
} from '../../gen/budgetarbiter/v1/budget_admin_service.js';
import { unlessRefused } from '../failures/request-error.js';
import { pageToken } from '../page-token.js';
import { readListDenials } from '../read/denial-requests.js';
import type { UnaryHandler } from '../service.js';
import { blockerMessage, ruleMessage } from '../write/denial.js';
import { optionalDate } from '../write/time.js';

export const listDenials: UnaryHandler<ListDenialsRequest, ListDenialsResponse> = async (
  message,
  caller,
  services,
) => {
  const { budgetId, pageQuery, query, size, after = '' } = readListDenials(message);
  const found = unlessRefused(await services.listDenials(services.servicePort, budgetId, query, caller));
  const rows = found.rows.filter((row) => keyOf(row) > after);
  const page = rows.slice(0, size);
  const last = page.at(-1);
  return {
    rows: page.map(rowMessage),
    nextPageToken: last !== undefined && rows.length > page.length ? pageToken(pageQuery, keyOf(last)) : '',
    rules: found.rules.map(ruleDenialsMessage),
    deniedRequests: found.denied,
    wouldDenyRequests: found.wouldDeny,
    from: new Date(found.from),
    to: new Date(found.to),
  };
};

/** Texts in the order of the rows: the newest first. */
function keyOf({ start, aiId, rule }: RowView): string {
  const back = String(Number.MAX_SAFE_INTEGER - start).padStart(16, '0');
  return `${back} ${aiId === OTHER ? 0 : 1} ${aiId} ${String(RULES.indexOf(rule)).padStart(2, '0')}`;
}

function rowMessage(row: RowView): DenialRow {
  const { start, end, aiId, rule, denied, wouldDeny, firstAt, lastAt, uncounted, ofAi } = row;
  return {
    ...{ start: new Date(start), end: new Date(end), aiId, rule: ruleMessage(rule), denied, wouldDeny },
    ...{ firstAt: new Date(firstAt), lastAt: new Date(lastAt), uncountedAtMost: uncounted },
    ...{ aiDenied: ofAi.denied, aiWouldDeny: ofAi.wouldDeny },
  };
}

function ruleDenialsMessage({ rule, denied, wouldDeny, last }: RuleSum): RuleDenials {
  return {
    ...{ rule: ruleMessage(rule), denied, wouldDeny },
    ...{
      lastAt: optionalDate(last?.at),
      lastAiId: last?.aiId,
      lastBlocker: last && blockerMessage(last.blocker),
    },
  };
}
