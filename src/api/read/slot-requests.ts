import type { DistributionQuery } from '../../arbiter/service-port.js';
import { DURATIONS, ENTRIES, fits, NUMBERS, TEXTS } from '../../domain/model/field-limits.js';
import type * as domain from '../../domain/model/requests.js';
import type { SessionRef } from '../../domain/model/session-ref.js';
import type { Labels, Writable } from '../../domain/model/types.js';
import type {
  AcquireSlotRequest,
  GetAvailabilityRequest,
  GetDistributionRequest,
  GetLeaseRequest,
  RenewSlotRequest,
} from '../../gen/budgetarbiter/v1/budget_service.js';
import type { Ids } from '../../platform/ids.js';
import { invalidFields } from '../failures/request-error.js';
import { AskedAcquire } from './asked-acquire.js';
import { readAskedTokens } from './asked-tokens.js';
import { Checks } from './checks.js';
import { durationMs } from './duration.js';

/** A request for one budget, as the arbiter's service port takes it. */
export interface OfBudget<R> {
  readonly budgetId: string;
  readonly request: R;
}

export function readAcquire(
  message: AcquireSlotRequest,
  ids: Ids,
  session?: SessionRef,
): OfBudget<domain.AcquireRequest> & { readonly waitMs: number } {
  const checks = new Checks();
  const budgetId = checks.budgetId('budget_id', message.budgetId);
  const aiId = checks.aiId('ai_id', message.aiId);
  const { requestId, leaseTtl, wait } = message;
  if (requestId !== undefined) checks.text('request_id', requestId, TEXTS.requestId);
  const asked = readAskedTokens(checks, message);
  const leaseTtlMs = leaseTtl && durationMs(checks, 'lease_ttl', leaseTtl, DURATIONS.leaseTtl);
  const wanted = session === undefined ? DURATIONS.wait : DURATIONS.waitInSession;
  const waitMs = wait === undefined ? 0 : durationMs(checks, 'wait', wait, wanted);
  const labels = readLabels(checks, message.labels);
  const model = readModel(checks, message.model);
  checks.done();
  const content = { budgetId, aiId, leaseTtlMs, labels, model };
  const request = new AskedAcquire(content, asked, idsOf(requestId, ids), session);
  return { budgetId, request, waitMs };
}

function idsOf(requestId: string | undefined, ids: Ids) {
  const requestIdMade = requestId === undefined;
  return { requestId: requestId ?? ids.requestId(), requestIdMade, nonce: ids.nonce() };
}

/** An empty name is none. */
function readModel(checks: Checks, model: string | undefined): string | undefined {
  if (model === undefined || model === '') return undefined;
  return checks.model('model', model, TEXTS.modelOrNone);
}

function readLabels(checks: Checks, labels: Labels): Labels | undefined {
  const keys = Object.keys(labels);
  if (keys.length === 0) return undefined;
  if (keys.length > ENTRIES.labels) {
    checks.fail('labels', `must have at most ${ENTRIES.labels} entries; it has ${keys.length}`);
    return undefined;
  }
  for (const key of keys) {
    const field = `labels[${JSON.stringify(key.slice(0, TEXTS.labelKey.most))}]`;
    if (!fits(TEXTS.labelKey, key)) checks.fail(field, `its key must be ${TEXTS.labelKey.rule}`);
    checks.text(field, labels[key] ?? '', TEXTS.labelValue);
  }
  return labels;
}

export function readRenew(message: RenewSlotRequest, session?: SessionRef): domain.RenewRequest {
  const checks = new Checks();
  const { leaseTtl, reserveTokens } = message;
  const request: Writable<domain.RenewRequest> = {
    kind: 'renew',
    lease: checks.leaseId('lease_id', message.leaseId),
  };
  if (leaseTtl !== undefined) {
    request.leaseTtlMs = durationMs(checks, 'lease_ttl', leaseTtl, DURATIONS.leaseTtl);
  }
  if (reserveTokens !== undefined)
    request.reserveTokens = checks.amount('reserve_tokens', reserveTokens, NUMBERS.reserveTokens);
  if (session !== undefined) request.session = session;
  checks.done();
  return request;
}

export function readGetLease({ key }: GetLeaseRequest): OfBudget<domain.GetLeaseRequest> {
  const checks = new Checks();
  if (key === undefined) {
    throw invalidFields([{ field: 'key', description: 'one of lease_id and request is required' }]);
  }
  if (key.$case === 'request') {
    const budgetId = checks.budgetId('request.budget_id', key.value.budgetId);
    const aiId = checks.text('request.ai_id', key.value.aiId, TEXTS.aiId);
    const requestId = checks.text('request.request_id', key.value.requestId, TEXTS.requestId);
    checks.done();
    return { budgetId, request: { kind: 'get-lease', key: { aiId, requestId } } };
  }
  const lease = checks.leaseId('lease_id', key.value);
  checks.done();
  return { budgetId: lease.budgetId, request: { kind: 'get-lease', key: { lease } } };
}

export function readAvailability(message: GetAvailabilityRequest): OfBudget<domain.GetAvailabilityRequest> {
  const checks = new Checks();
  const budgetId = checks.budgetId('budget_id', message.budgetId);
  const request: Writable<domain.GetAvailabilityRequest> = {
    kind: 'get-availability',
    aiId: checks.aiId('ai_id', message.aiId),
  };
  const { estimatedTokens, expected, atLeastTokens } = readAskedTokens(checks, message);
  if (estimatedTokens !== undefined) request.estimatedTokens = estimatedTokens;
  if (expected !== undefined) request.expected = expected;
  if (atLeastTokens !== undefined) request.atLeastTokens = atLeastTokens;
  const model = readModel(checks, message.model);
  if (model !== undefined) request.model = model;
  checks.done();
  return { budgetId, request };
}

/** Which month of a budget, and which day of it. */
export function readDistribution(message: GetDistributionRequest): OfBudget<DistributionQuery> {
  const checks = new Checks();
  const budgetId = checks.budgetId('budget_id', message.budgetId);
  const query: Writable<DistributionQuery> = {};
  if (message.month !== undefined) query.month = checks.month('month', message.month);
  if (message.day !== undefined) query.day = checks.day('day', message.day);
  if (query.month !== undefined && query.day !== undefined && !query.day.startsWith(query.month)) {
    checks.fail('day', `must be a day of the month ${JSON.stringify(query.month.slice(0, 16))}`);
  }
  checks.done();
  return { budgetId, request: query };
}
