import type { Refused } from '../model/outcomes.js';
import { type PolicyFields, policyInForce } from '../model/policy.js';
import { refused } from '../model/refused.js';
import type { PutPolicyRequest } from '../model/requests.js';
import { rangeViolations, workabilityViolations } from './policy-check.js';
import { tidyPolicy, updatePolicy } from './policy-update.js';

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

export function isRefused(changed: PolicyFields | Refused): changed is Refused {
  return 'kind' in changed;
}
