import type * as domain from '../../domain/model/requests.js';
import type { Writable } from '../../domain/model/types.js';
import type {
  CreateBudgetRequest,
  DeleteBudgetRequest,
  PauseBudgetRequest,
  RevokeLeaseRequest,
  UpdateBudgetRequest,
} from '../../gen/budgetarbiter/v1/budget_admin_service.js';
import { Checks } from './checks.js';
import { readPolicy, readUpdateMask } from './policy.js';
import type { OfBudget } from './slot-requests.js';

const MAX_ETAG = 64;
const MAX_REASON = 256;

/** For requests that name a budget and nothing else. */
export function readBudgetId(message: { readonly budgetId: string }): string {
  const checks = new Checks();
  const budgetId = checks.budgetId('budget_id', message.budgetId);
  checks.done();
  return budgetId;
}

export function readCreate(message: CreateBudgetRequest): OfBudget<domain.PutPolicyRequest> {
  const checks = new Checks();
  const budgetId = checks.budgetId('budget_id', message.budgetId);
  const fields = readPolicy(checks, message.policy);
  const reason = checks.text('reason', message.reason, 0, MAX_REASON);
  checks.done();
  const { validateOnly } = message;
  return { budgetId, request: { kind: 'put-policy', fields, presence: 'absent', validateOnly, reason } };
}

export function readUpdate(message: UpdateBudgetRequest): OfBudget<domain.PutPolicyRequest> {
  const checks = new Checks();
  const budgetId = checks.budgetId('budget_id', message.budgetId);
  const fields = readPolicy(checks, message.policy);
  const mask = readUpdateMask(checks, message.updateMask, fields);
  const reason = checks.text('reason', message.reason, 0, MAX_REASON);
  const { etag, allowMissing, validateOnly } = message;
  if (etag !== undefined) checks.text('etag', etag, 1, MAX_ETAG);
  checks.done();
  const request = {
    ...{ kind: 'put-policy' as const, fields, validateOnly, reason },
    ...(mask !== 'everything' && { updateMask: mask }),
    ...(etag !== undefined && { etag }),
    ...(!allowMissing && { presence: 'present' as const }),
  };
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
