import { NUMBERS, TEXTS } from '../../domain/model/field-limits.js';
import { adjustmentFingerprint, usageFingerprint } from '../../domain/model/fingerprint.js';
import type * as domain from '../../domain/model/requests.js';
import type { SessionRef } from '../../domain/model/session-ref.js';
import {
  TOKEN_KINDS,
  type TokenCounts,
  type Unreported as UnreportedTokens,
  type UsageReport,
  type Writable,
} from '../../domain/model/types.js';
import type { Usage } from '../../gen/budgetarbiter/v1/budget.js';
import type { AdjustUsageRequest } from '../../gen/budgetarbiter/v1/budget_admin_service.js';
import {
  type RecordUsageRequest,
  type ReleaseRequest,
  Unreported,
} from '../../gen/budgetarbiter/v1/budget_service.js';
import { Checks } from './checks.js';
import type { OfBudget } from './slot-requests.js';
import { countPathsOf, readTokenCounts } from './token-counts.js';

type NamedUsage = UsageReport & { readonly usageId: string };

const USAGE_COUNTS = countPathsOf('usage.tokens');
const NO_TOKENS: TokenCounts = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0, total: 0 };

export function readRecord(
  message: RecordUsageRequest,
): OfBudget<domain.RecordRequest | domain.RecordUnleasedRequest> {
  const checks = new Checks();
  const { subject } = message;
  if (subject === undefined) checks.fail('subject', 'one of lease_id and unleased is required');
  if (message.usage === undefined) checks.fail('usage', 'is required');
  const usage = message.usage && readUsage(checks, message.usage);
  if (usage?.usageId === '') checks.text('usage.usage_id', '', TEXTS.usageId);
  if (subject?.$case === 'unleased') {
    const budgetId = checks.budgetId('unleased.budget_id', subject.value.budgetId);
    const aiId = checks.aiId('unleased.ai_id', subject.value.aiId);
    checks.done();
    return { budgetId, request: { kind: 'record-unleased', aiId, usage: usage as NamedUsage } };
  }
  const lease = (subject && checks.leaseId('lease_id', subject.value)) as domain.LeaseRef;
  checks.done();
  return { budgetId: lease.budgetId, request: { kind: 'record', lease, usage: usage as NamedUsage } };
}

const UNREPORTED: ReadonlyMap<number, UnreportedTokens | 'FREE'> = new Map([
  [Unreported.UNREPORTED_UNSPECIFIED, 'FREE'],
  [Unreported.UNREPORTED_FREE, 'FREE'],
  [Unreported.UNREPORTED_PRESUME, 'PRESUME'],
  [Unreported.UNREPORTED_UNUSED, 'UNUSED'],
]);

export function readRelease(message: ReleaseRequest, session?: SessionRef): domain.ReleaseRequest {
  const checks = new Checks();
  const request: Writable<domain.ReleaseRequest> = {
    kind: 'release',
    lease: checks.leaseId('lease_id', message.leaseId),
  };
  const usage = message.usage && readUsage(checks, message.usage);
  const unreported = UNREPORTED.get(message.unreported);
  if (unreported === undefined)
    checks.fail('unreported', 'must be one of UNREPORTED_FREE, _PRESUME and _UNUSED');
  if (unreported === 'UNUSED' && usage !== undefined && TOKEN_KINDS.some((kind) => usage.tokens[kind] > 0)) {
    checks.fail('usage.tokens', 'must be 0 with UNREPORTED_UNUSED: nothing was asked of the model');
  }
  checks.done();
  if (unreported !== undefined && unreported !== 'FREE') request.unreported = unreported;
  if (usage !== undefined) {
    const { usageId, ...unnamed } = usage;
    request.usage = usageId === '' ? unnamed : usage;
  }
  if (session !== undefined) request.session = session;
  return request;
}

/** The id may be empty here. */
function readUsage(checks: Checks, usage: Usage): NamedUsage {
  const usageId = usage.usageId === '' ? '' : checks.text('usage.usage_id', usage.usageId, TEXTS.usageId);
  const tokens = usage.tokens === undefined ? NO_TOKENS : readTokenCounts(checks, USAGE_COUNTS, usage.tokens);
  const model = checks.model('usage.model', usage.model, TEXTS.modelOrNone);
  const requestType = checks.text('usage.request_type', usage.requestType, TEXTS.requestType);
  const errorMessage = checks.text('usage.error_message', usage.errorMessage, TEXTS.errorMessage);
  const { failed, calls } = usage;
  if (calls !== undefined) checks.amount('usage.calls', calls, NUMBERS.calls);
  const content = {
    ...{ tokens, model, requestType, failed, errorMessage },
    ...(calls !== undefined && { calls }),
  };
  return { usageId, ...content, fingerprint: usageFingerprint(content) };
}

export function readAdjust(message: AdjustUsageRequest): OfBudget<domain.AdjustRequest> {
  const checks = new Checks();
  const budgetId = checks.budgetId('budget_id', message.budgetId);
  const adjustmentId = checks.text('adjustment_id', message.adjustmentId, TEXTS.adjustmentId);
  const { tokens, day, aiId, model } = message;
  checks.amount('tokens', tokens, NUMBERS.adjustedTokens);
  const reason = checks.text('reason', message.reason, TEXTS.reasonOfAdjustment);
  if (day !== undefined) checks.day('day', day);
  if (aiId !== undefined) checks.aiId('ai_id', aiId);
  if (model !== undefined) checks.model('model', model, TEXTS.model, true);
  checks.done();
  const request: Writable<domain.AdjustRequest> = {
    kind: 'adjust',
    adjustmentId,
    tokens,
    reason,
    fingerprint: adjustmentFingerprint({ tokens, reason, day, aiId, model }),
  };
  if (day !== undefined) request.day = day;
  if (aiId !== undefined) request.aiId = aiId;
  if (model !== undefined) request.model = model;
  return { budgetId, request };
}
