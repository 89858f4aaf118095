import type { FieldViolation, Refusal, Refused } from '../../domain/model/outcomes.js';

/** What a request can meet before and behind the arbiter's service port. */
export type Complaint =
  | Refusal
  | { readonly reason: 'MALFORMED_MESSAGE'; readonly typeName: string; readonly detail?: string }
  | { readonly reason: 'UNKNOWN_SERVICE'; readonly service: string };

/** Ends a call with an error that its caller can mend. `status.ts` says how. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  constructor(
    readonly complaint: Complaint,
    /** It comes from behind the service port, which has told it to the audit. */
    readonly decided = false,
  ) {
    super(complaint.reason);
  }
}

export function invalidFields(violations: readonly FieldViolation[]): RequestError {
  return new RequestError({ reason: 'INVALID_FIELD', violations });
}

/** The outcome of a request that was not refused. */
export function answered<T extends { readonly kind: string }>(outcome: T | Refused): Exclude<T, Refused> {
  if (isRefused(outcome)) throw new RequestError(outcome.refusal, true);
  return outcome as Exclude<T, Refused>;
}

/** The same for answers without a kind of their own. */
export function unlessRefused<T extends object>(answer: T | Refused): T {
  if (isRefused(answer)) throw new RequestError(answer.refusal, true);
  return answer;
}

function isRefused(outcome: object): outcome is Refused {
  return 'kind' in outcome && outcome.kind === 'refused';
}
