import { z } from 'zod';
import { ACTION_MESSAGE, type RefusedAction, refusedFields } from '../../access/audit-fields.js';
import { mayCall, PERMISSIONS } from '../../access/permissions.js';
import { principalLabel } from '../../access/principal.js';
import { parseLeaseId } from '../../domain/model/lease-id.js';
import type { BudgetPut, FieldViolation, Refusal } from '../../domain/model/outcomes.js';
import type { PolicyFields } from '../../domain/model/policy.js';
import { samePolicy } from '../../domain/policy/policy-update.js';
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
  const outcome = await changePolicy(call, visitor, readPolicy, true);
  return 'refusal' in outcome ? refusedAction(outcome.refusal) : { status: 200, body: previewData(outcome) };
}

/** Hears of an action that is refused for what it says, before the door does. */
type TellRefused = (fields: readonly Pick<FieldViolation, 'field'>[], budgetId?: string) => void;

export async function putPolicy(
  call: HttpCall,
  visitor: Visitor,
  tellRefused: TellRefused,
  readPolicy: ReadPolicy,
): Promise<Answer> {
  const outcome = await changePolicy(call, visitor, readPolicy, false, tellRefused);
  if ('refusal' in outcome) return refusedAction(outcome.refusal);
  return done(`The policy of ${outcome.budget.budgetId} is changed, and in force.`, outcome.warnings);
}

async function changePolicy(
  call: HttpCall,
  visitor: Visitor,
  readPolicy: ReadPolicy,
  validateOnly: boolean,
  tellRefused: TellRefused = () => {},
): Promise<BudgetPut | { readonly refusal: Refusal }> {
  const { budget_id: budgetId, etag, policy } = await readChange(call, visitor, POLICY);
  const read = readPolicy(policy);
  if ('violations' in read) {
    tellRefused(read.violations, budgetId);
    return { refusal: { reason: 'INVALID_FIELD', ...read } };
  }
  const { fields } = read;
  const door = visitor.door(RULES.updateBudget, call.path);
  const request = { kind: 'put-policy', fields, etag, presence: 'present', validateOnly } as const;
  return door.submit(budgetId, request, BROWSER);
}

function previewData({ before, budget, warnings, windows }: BudgetPut): PreviewData {
  const changes = before === undefined ? [] : policyChanges(before.policy, budget.policy);
  const same = before !== undefined && samePolicy(before.policyFields, budget.policyFields);
  const caps = windows?.after.map(({ kind, cap, spent, reserved, end }) => {
    const now = windows.before.find((window) => window.kind === kind)?.cap ?? cap;
    return { kind, before: now, after: cap, spent, reserved, end };
  });
  return { same, warnings, changes, caps: caps ?? [] };
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
