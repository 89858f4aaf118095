import type * as domain from '../../domain/requests.js';
import type {
  DeleteBudgetRequest,
  PauseBudgetRequest,
  PutBudgetRequest,
  RevokeLeaseRequest,
} from '../../gen/budget/v1/budget_admin_service.js';
import { Checks } from './checks.js';
import { readPolicy, readUpdateMask } from './policy.js';
import type { OfBudget } from './slot-requests.js';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

const MAX_ETAG = 64;
const MAX_REASON = 256;

/** For requests that name a budget and nothing else. */
export function readBudgetId(message: { readonly budgetId: string }): string {
  const checks = new Checks();
  const budgetId = checks.budgetId('budget_id', message.budgetId);
  checks.done();
  return budgetId;
}

export function readPut(message: PutBudgetRequest): OfBudget<domain.PutPolicyRequest> {
  const checks = new Checks();
  const budgetId = checks.budgetId('budget_id', message.budgetId);
  const request: Writable<domain.PutPolicyRequest> = {
    kind: 'put-policy',
    fields: readPolicy(checks, message.policy),
  };
  const mask = readUpdateMask(checks, message.updateMask);
  if (mask !== undefined) request.updateMask = mask;
  if (message.etag !== undefined) request.etag = checks.text('etag', message.etag, 1, MAX_ETAG);
  checks.done();
  return { budgetId, request };
}

export function readDelete(message: DeleteBudgetRequest): OfBudget<domain.DeleteBudgetRequest> {
  const checks = new Checks();
  const budgetId = checks.budgetId('budget_id', message.budgetId);
  const request: Writable<domain.DeleteBudgetRequest> = { kind: 'delete-budget', force: message.force };
  if (message.etag !== undefined) request.etag = checks.text('etag', message.etag, 1, MAX_ETAG);
  checks.done();
  return { budgetId, request };
}

export function readPause(message: PauseBudgetRequest): OfBudget<domain.PauseRequest> {
  const checks = new Checks();
  const budgetId = checks.budgetId('budget_id', message.budgetId);
  const reason = checks.text('reason', message.reason, 0, MAX_REASON);
  checks.done();
  return { budgetId, request: { kind: 'pause', reason } };
}

export function readRevoke(message: RevokeLeaseRequest): domain.RevokeRequest {
  const checks = new Checks();
  const lease = checks.leaseId('lease_id', message.leaseId);
  const reason = checks.text('reason', message.reason, 0, MAX_REASON);
  checks.done();
  return { kind: 'revoke', lease, reason };
}
