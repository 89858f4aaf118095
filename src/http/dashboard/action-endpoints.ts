import { z } from 'zod';
import { ACTION_MESSAGE, type RefusedAction, refusedFields } from '../../access/audit-fields.js';
import { mayCall, PERMISSIONS } from '../../access/permissions.js';
import { principalLabel } from '../../access/principal.js';
import { windowOf } from '../../domain/caps-in-force.js';
import { parseLeaseId } from '../../domain/lease-id.js';
import type { BudgetSnapshot, FieldViolation } from '../../domain/outcomes.js';
import type { PolicyFields } from '../../domain/policy.js';
import { type PolicyPreview, previewPolicy } from '../../domain/policy-preview.js';
import type { Log } from '../../platform/log.js';
import type { Answer } from '../answer.js';
import type { HttpCall } from '../endpoint.js';
import { InputError, REASON, readChange } from './changes.js';
import type { DoneData, PreviewData } from './page-data.js';
import { policyChanges } from './policy-form.js';
import { refusedAction } from './refusal-text.js';
import { BROWSER, type Visitor } from './visitors.js';

/** Reads a policy as CONFIG_FILE writes it. */
export type ReadPolicy = (
  value: unknown,
) => { readonly fields: PolicyFields } | { readonly violations: readonly FieldViolation[] };

const RULES = PERMISSIONS.BudgetAdminService;
const BUDGET_ID = z.string().max(63);
const PAUSE = z.strictObject({ budget_id: BUDGET_ID, reason: REASON });
const RESUME = z.strictObject({ budget_id: BUDGET_ID });
const REVOKE = z.strictObject({ lease_id: z.string().max(160), reason: REASON });
const POLICY = z.strictObject({ budget_id: BUDGET_ID, etag: z.string().max(64), policy: z.unknown() });

export async function pause(call: HttpCall, visitor: Visitor): Promise<Answer> {
  const { budget_id: budgetId, reason } = await readChange(call, visitor, PAUSE);
  const door = visitor.door(RULES.pauseBudget, call.path);
  const outcome = await door.submit(budgetId, { kind: 'pause', reason }, BROWSER);
  if (outcome.kind === 'refused') return refusedAction(outcome.refusal);
  return done(`${budgetId} is paused: no new slots are granted; running leases go on.`);
}

export async function resume(call: HttpCall, visitor: Visitor): Promise<Answer> {
  const { budget_id: budgetId } = await readChange(call, visitor, RESUME);
  const door = visitor.door(RULES.resumeBudget, call.path);
  const outcome = await door.submit(budgetId, { kind: 'resume' }, BROWSER);
  if (outcome.kind === 'refused') return refusedAction(outcome.refusal);
  return done(`${budgetId} is resumed: slots are granted again.`);
}

export async function revoke(call: HttpCall, visitor: Visitor): Promise<Answer> {
  const { lease_id: leaseId, reason } = await readChange(call, visitor, REVOKE);
  const lease = parseLeaseId(leaseId);
  if (lease === undefined) throw new InputError('lease_id', 'must be the id of a lease');
  const door = visitor.door(RULES.revokeLease, call.path);
  const outcome = await door.submit(lease.budgetId, { kind: 'revoke', lease, reason }, BROWSER);
  if (outcome.kind === 'refused') return refusedAction(outcome.refusal);
  const { status, aiId } = outcome.lease;
  if (status === 'REVOKED') return done(`The lease of ${aiId} is revoked; its slot is free.`);
  return done(`The lease of ${aiId} had ended before, by itself.`);
}

/** What a change of policy would do; nothing is changed. */
export async function preview(call: HttpCall, visitor: Visitor, readPolicy: ReadPolicy): Promise<Answer> {
  const { budget_id: budgetId, etag, policy } = await readChange(call, visitor, POLICY);
  const read = readPolicy(policy);
  if ('violations' in read) return refusedAction({ reason: 'INVALID_FIELD', ...read });
  const door = visitor.door(RULES.putBudget, call.path);
  const outcome = await door.submit(budgetId, { kind: 'get-snapshot' }, BROWSER);
  if (outcome.kind === 'refused') return refusedAction(outcome.refusal);
  const { snapshot } = outcome;
  const current = snapshot.budget.etag;
  if (etag !== current) return refusedAction({ reason: 'ETAG_MISMATCH', current });
  const judged = previewPolicy(snapshot, read);
  if (judged.kind === 'refused') return refusedAction(judged.refusal);
  return { status: 200, body: previewData(judged, snapshot) };
}

function previewData(judged: PolicyPreview, snapshot: BudgetSnapshot): PreviewData {
  const { same, before, after, warnings, capsBefore, capsAfter } = judged;
  return {
    ...{ same, warnings, changes: policyChanges(before, after) },
    caps: (['HOUR', 'DAY', 'MONTH'] as const).map((kind) => {
      const { spent, reserved, end } = windowOf(snapshot, kind);
      return { kind, before: capsBefore[kind].tokens, after: capsAfter[kind].tokens, spent, reserved, end };
    }),
  };
}

/** Hears of an action that is refused for what it says, before the door does. */
type TellRefused = (fields: readonly Pick<FieldViolation, 'field'>[], budgetId?: string) => void;

export async function putPolicy(
  call: HttpCall,
  visitor: Visitor,
  tellRefused: TellRefused,
  readPolicy: ReadPolicy,
): Promise<Answer> {
  const { budget_id: budgetId, etag, policy } = await readChange(call, visitor, POLICY);
  const read = readPolicy(policy);
  if ('violations' in read) {
    tellRefused(read.violations, budgetId);
    return refusedAction({ reason: 'INVALID_FIELD', ...read });
  }
  const door = visitor.door(RULES.putBudget, call.path);
  // A page shows budgets that there are: one that was deleted meanwhile must not begin again by this.
  const found = await door.submit(budgetId, { kind: 'get-snapshot' }, BROWSER);
  if (found.kind === 'refused') return refusedAction(found.refusal);
  const outcome = await door.submit(budgetId, { kind: 'put-policy', fields: read.fields, etag }, BROWSER);
  if (outcome.kind === 'refused') return refusedAction(outcome.refusal);
  return done(`The policy of ${budgetId} is changed, and in force.`, outcome.warnings);
}

type Action = (call: HttpCall, visitor: Visitor, tellRefused: TellRefused) => Promise<Answer>;

/** An action with its line in the audit also where it does not come as far as the door. */
export function audited(action: RefusedAction['action'], log: Log, act: Action) {
  return async (call: HttpCall, visitor: Visitor): Promise<Answer> => {
    const { principal } = visitor;
    const tellRefused: TellRefused = (fields, budget) => {
      // Of who may do no such thing anywhere, it is no operator's action.
      if (principal !== undefined && !mayCall(principal, RULES.pauseBudget)) return;
      const refused = { action, who: principalLabel(principal), budget, refusal: 'INVALID_FIELD', fields };
      log.info(refusedFields(refused), ACTION_MESSAGE);
    };
    try {
      return await act(call, visitor, tellRefused);
    } catch (error) {
      if (error instanceof InputError) tellRefused(error.field === '' ? [] : [error]);
      throw error;
    }
  };
}

function done(message: string, warnings?: DoneData['warnings']): Answer {
  const body: DoneData = { message, ...(warnings === undefined ? {} : { warnings }) };
  return { status: 200, body };
}
