import { lengthOf, TEXTS } from '../model/field-limits.js';
import type { FieldViolation } from '../model/outcomes.js';
import type { PolicyFields } from '../model/policy.js';
import { amount } from '../model/wording.js';

/** What a policy may take: with what goes along it stays within the 64 KiB of a message. */
const MAX_POLICY_BYTES = 60 * 1024;

/** A policy that no message could carry; nothing if one can. */
export function sizeViolations(fields: PolicyFields): FieldViolation[] {
  const bytes = bytesOf(fields);
  if (bytes <= MAX_POLICY_BYTES) return [];
  const size = `it has about ${amount(bytes)} bytes, at most ${amount(MAX_POLICY_BYTES)} are taken`;
  return [
    { field: 'policy', description: `too much for one message: ${size}; name fewer AIs, teams or models` },
  ];
}

/** As a message has it, or a little more: with every field its number, and with what is not plain its length. */
function bytesOf(value: unknown): number {
  if (typeof value === 'string') return 4 + lengthOf(TEXTS.model, value);
  if (typeof value !== 'object' || value === null) return 10;
  let bytes = 4;
  for (const part of Object.values(value)) bytes += bytesOf(part);
  return bytes;
}
