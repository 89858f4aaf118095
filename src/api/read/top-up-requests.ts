import { fits, NUMBERS, TEXTS } from '../../domain/model/field-limits.js';
import { topUpFingerprint } from '../../domain/model/fingerprint.js';
import type * as domain from '../../domain/model/requests.js';
import { ROLLOVER } from '../../domain/model/reserved-names.js';
import type { TopUpKind as Kind } from '../../domain/model/types.js';
import { TopUpKind } from '../../gen/budgetarbiter/v1/budget.js';
import type {
  AddTopUpRequest,
  EndTopUpRequest,
  ListTopUpsRequest,
} from '../../gen/budgetarbiter/v1/budget_admin_service.js';
import { Checks } from './checks.js';
import { afterKey, pageSize } from './list-requests.js';
import { isTime, TIME_RULE } from './moment.js';
import type { OfBudget } from './slot-requests.js';

const KINDS: ReadonlyMap<number, Kind> = new Map([
  [TopUpKind.TOP_UP_KIND_UNSPECIFIED, 'OVER_CAPS'],
  [TopUpKind.TOP_UP_KIND_OVER_CAPS, 'OVER_CAPS'],
  [TopUpKind.TOP_UP_KIND_LARGER_MONTH, 'LARGER_MONTH'],
]);

export function readAddTopUp(message: AddTopUpRequest): OfBudget<domain.AddTopUpRequest> {
  const checks = new Checks();
  const budgetId = checks.budgetId('budget_id', message.budgetId);
  const topUpId = checks.text('top_up_id', message.topUpId, TEXTS.topUpId);
  if (topUpId.startsWith(ROLLOVER))
    checks.fail(
      'top_up_id',
      `must not begin with \`${ROLLOVER}\`: so begins what a month leaves to the next`,
    );
  const tokens = checks.amount('tokens', message.tokens, NUMBERS.topUpTokens);
  const kind = KINDS.get(message.kind);
  if (kind === undefined)
    checks.fail('kind', 'must be TOP_UP_KIND_OVER_CAPS, TOP_UP_KIND_LARGER_MONTH or unset');
  const reason = checks.text('reason', message.reason, TEXTS.reasonOfAdjustment);
  const { aiId, teamId, month } = message;
  if (aiId !== undefined) checks.aiId('ai_id', aiId);
  if (teamId !== undefined) checks.text('team_id', teamId, TEXTS.teamId);
  if (aiId !== undefined && teamId !== undefined) checks.fail('team_id', 'give this or ai_id, not both');
  if (month !== undefined) checks.month('month', month);
  if (message.expiresAt !== undefined && !isTime(message.expiresAt))
    checks.fail('expires_at', `must be ${TIME_RULE}`);
  if (kind !== undefined) checkKind(checks, kind, message);
  checks.done();
  const expiresAt = message.expiresAt?.getTime();
  const content = { tokens, reason, aiId, teamId, month, expiresAt, kind: kind as Kind };
  const request = {
    ...{ kind: 'add-top-up' as const, of: kind as Kind, topUpId, tokens, reason },
    fingerprint: topUpFingerprint(content),
    ...(aiId !== undefined && { aiId }),
    ...(teamId !== undefined && { teamId }),
    ...(month !== undefined && { month }),
    ...(expiresAt !== undefined && { expiresAt }),
  };
  return { budgetId, request };
}

/** Each kind has its own span, and none may be given the other's. */
function checkKind(checks: Checks, kind: Kind, { aiId, teamId, month, expiresAt }: AddTopUpRequest): void {
  if (kind === 'OVER_CAPS') {
    if (expiresAt === undefined)
      checks.fail('expires_at', 'is required where kind is not TOP_UP_KIND_LARGER_MONTH');
    if (month !== undefined) checks.fail('month', 'is for TOP_UP_KIND_LARGER_MONTH: give expires_at');
    return;
  }
  if (aiId !== undefined) checks.fail('ai_id', 'is for TOP_UP_KIND_OVER_CAPS: a larger month is everybody’s');
  if (teamId !== undefined)
    checks.fail('team_id', 'is for TOP_UP_KIND_OVER_CAPS: a larger month is everybody’s');
  if (expiresAt !== undefined) checks.fail('expires_at', 'is for TOP_UP_KIND_OVER_CAPS: give month');
}

export function readEndTopUp(message: EndTopUpRequest): OfBudget<domain.EndTopUpRequest> {
  const checks = new Checks();
  const budgetId = checks.budgetId('budget_id', message.budgetId);
  const topUpId = checks.text('top_up_id', message.topUpId, TEXTS.topUpId);
  const reason = checks.text('reason', message.reason, TEXTS.reason);
  checks.done();
  return { budgetId, request: { kind: 'end-top-up', topUpId, reason } };
}

export interface TopUpsPage {
  readonly budgetId: string;
  readonly query: readonly string[];
  readonly after: string;
  readonly size: number;
}

export function readListTopUps(message: ListTopUpsRequest): TopUpsPage {
  const checks = new Checks();
  const budgetId = checks.budgetId('budget_id', message.budgetId);
  const size = pageSize(checks, message.pageSize);
  const query = ['top-ups', budgetId];
  const after = afterKey(checks, query, message.pageToken, (key) => fits(TEXTS.topUpId, key)) ?? '';
  checks.done();
  return { budgetId, query, after, size };
}
