import type { FieldViolation } from '../domain/model/outcomes.js';
import type { PolicyFields } from '../domain/model/policy.js';
import { POLICY_SHAPE } from './policy-shape.js';

/** A policy in the form that CONFIG_FILE has for it, from wherever it comes. Ranges are for the domain to judge. */
export function readPolicy(
  value: unknown,
): { readonly fields: PolicyFields } | { readonly violations: readonly FieldViolation[] } {
  const result = POLICY_SHAPE.safeParse(value);
  if (result.success) return { fields: result.data };
  const violations = result.error.issues.map((issue) => ({
    field: ['policy', ...issue.path].join('.'),
    description: issue.code === 'unrecognized_keys' ? `there is no ${issue.keys.join(', ')}` : issue.message,
  }));
  return { violations };
}
