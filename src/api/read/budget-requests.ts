import { NUMBERS, TEXTS } from '../../domain/model/field-limits.js';
import type * as domain from '../../domain/model/requests.js';
import type { Writable } from '../../domain/model/types.js';
import type {
  CreateBudgetRequest,
  DeleteBudgetRequest,
  PauseBudgetRequest,
  RevokeLeaseRequest,
  UpdateBudgetRequest,
  WatchBudgetRequest,
} from '../../gen/budgetarbiter/v1/budget_admin_service.js';
import { Checks } from './checks.js';
import { readPolicy, readPreset, readUpdateMask } from './policy.js';
import type { OfBudget } from './slot-requests.js';

/** For requests that name a budget and nothing else. */
export function readBudgetId(message: { readonly budgetId: string }): string {
  const checks = new Checks();
  const budgetId = checks.budgetId('budget_id', message.budgetId);
  checks.done();
  return budgetId;
}

export function readWatch({ budgetId, afterRevision }: WatchBudgetRequest) {
  const checks = new Checks();
  checks.budgetId('budget_id', budgetId);
  if (afterRevision !== undefined) checks.amount('after_revision', afterRevision, NUMBERS.afterRevision);
  checks.done();
  return { budgetId, afterRevision };
}

export function readCreate(message: CreateBudgetRequest): OfBudget<domain.PutPolicyRequest> {
  const checks = new Checks();
  const budgetId = checks.budgetId('budget_id', message.budgetId);
  const fields = readPolicy(checks, message.policy);
  const preset = readPreset(checks, message.preset);
  const reason = checks.text('reason', message.reason, TEXTS.reason);
  checks.done();
  const { validateOnly } = message;
  const request = { kind: 'put-policy' as const, presence: 'absent' as const, validateOnly, reason };
  return { budgetId, request: { ...request, fields: { ...fields, ...(preset && { preset }) } } };
}

export function readUpdate(message: UpdateBudgetRequest): OfBudget<domain.PutPolicyRequest> {
  const checks = new Checks();
  const budgetId = checks.budgetId('budget_id', message.budgetId);
  const fields = readPolicy(checks, message.policy);
  const mask = readUpdateMask(checks, message.updateMask, fields);
  const preset = readPreset(checks, message.preset);
  const reason = checks.text('reason', message.reason, TEXTS.reason);
  const { etag, allowMissing, validateOnly } = message;
  if (etag !== undefined) checks.text('etag', etag, TEXTS.etag);
  checks.done();
  const request = {
    ...{ kind: 'put-policy' as const, validateOnly, reason },
    fields: { ...fields, ...(preset && { preset }) },
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
  if (message.etag !== undefined) request.etag = checks.text('etag', message.etag, TEXTS.etag);
  request.reason = checks.text('reason', message.reason, TEXTS.reason);
  checks.done();
  return { budgetId, request };
}

/** For requests that name a budget, and why they are made. */
export function readReasoned<K extends 'resume' | 'reset-clock'>(
  kind: K,
  message: { readonly budgetId: string; readonly reason: string },
): OfBudget<{ readonly kind: K; readonly reason: string }> {
  const checks = new Checks();
  const budgetId = checks.budgetId('budget_id', message.budgetId);
  const reason = checks.text('reason', message.reason, TEXTS.reason);
  checks.done();
  return { budgetId, request: { kind, reason } };
}

export function readPause(message: PauseBudgetRequest): OfBudget<domain.PauseRequest> {
  const checks = new Checks();
  const budgetId = checks.budgetId('budget_id', message.budgetId);
  const reason = checks.text('reason', message.reason, TEXTS.reason);
  checks.done();
  return { budgetId, request: { kind: 'pause', reason } };
}

export function readRevoke(message: RevokeLeaseRequest): domain.RevokeRequest {
  const checks = new Checks();
  const lease = checks.leaseId('lease_id', message.leaseId);
  const reason = checks.text('reason', message.reason, TEXTS.reason);
  checks.done();
  return { kind: 'revoke', lease, reason };
}
