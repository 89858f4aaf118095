import { type CapsInForce, capsInForce } from './caps-in-force.js';
import type { BudgetSnapshot, PolicyWarning, Refused } from './outcomes.js';
import { type Policy, type PolicyFields, policyInForce } from './policy.js';
import { rangeViolations, workabilityViolations } from './policy-check.js';
import { samePolicy, tidyPolicy, updatePolicy } from './policy-update.js';
import { policyWarnings } from './policy-warnings.js';
import { refused } from './refused.js';
import type { PutPolicyRequest } from './requests.js';

/** What a change of policy asks for. */
export type PolicyChange = Pick<PutPolicyRequest, 'fields' | 'updateMask'>;

/** The policy that a change makes of the current one, if it may be set at all. */
export function changedPolicy(current: PolicyFields, change: PolicyChange): PolicyFields | Refused {
  const fields = tidyPolicy(updatePolicy(current, change.fields, change.updateMask));
  const invalid = rangeViolations(fields);
  if (invalid.length > 0) return refused({ reason: 'INVALID_FIELD', violations: invalid });
  const unworkable = workabilityViolations(policyInForce(fields));
  if (unworkable.length > 0) return refused({ reason: 'UNWORKABLE_POLICY', violations: unworkable });
  return fields;
}

/** What a change of policy would do now. */
export interface PolicyPreview {
  readonly kind: 'preview';
  readonly same: boolean;
  readonly before: Policy;
  readonly after: Policy;
  readonly warnings: readonly PolicyWarning[];
  readonly capsBefore: CapsInForce;
  readonly capsAfter: CapsInForce;
}

/** Judges a change as `PutBudget` would, and changes nothing. */
export function previewPolicy(snapshot: BudgetSnapshot, change: PolicyChange): PolicyPreview | Refused {
  const { policyFields, policy: before } = snapshot.budget;
  const fields = changedPolicy(policyFields, change);
  if (isRefused(fields)) return fields;
  const after = policyInForce(fields);
  return {
    ...{ kind: 'preview', same: samePolicy(fields, policyFields), before, after },
    warnings: policyWarnings(after),
    capsBefore: capsInForce(before, snapshot),
    capsAfter: capsInForce(after, snapshot),
  };
}

export function isRefused(changed: PolicyFields | Refused): changed is Refused {
  return 'kind' in changed;
}
