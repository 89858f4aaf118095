import type { FieldViolation } from '../domain/outcomes.js';
import type { PolicyFields } from '../domain/policy.js';
import { policyViolations } from '../domain/policy-check.js';
import { POLICY_SHAPE } from './policy-shape.js';

/** A policy in the form that CONFIG_FILE has for it, from wherever it comes. */
export function readPolicy(
  value: unknown,
): { readonly fields: PolicyFields } | { readonly violations: readonly FieldViolation[] } {
  const result = POLICY_SHAPE.safeParse(value);
  if (!result.success) {
    const violations = result.error.issues.map(({ path, message }) => ({
      field: ['policy', ...path].join('.'),
      description: message,
    }));
    return { violations };
  }
  const violations = policyViolations(result.data);
  return violations.length > 0 ? { violations } : { fields: result.data };
}
