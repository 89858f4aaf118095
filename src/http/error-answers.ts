import type { Failure } from '../api/failures/status.js';
import { type Answer, errorAnswer } from './answer.js';
import { connectCode, failureHeaders } from './connect/connect-error.js';

/** A failure in the form of all that is read over HTTP: a code for programs, the message, and the field if one is wrong. */
export function failureAnswer(failure: Failure): Answer {
  const { reason, problem, message, violations } = failure;
  const { name, httpStatus } = connectCode(failure);
  const field = reason === 'BUDGET_NOT_FOUND' ? 'budget_id' : violations?.[0]?.field;
  return errorAnswer(httpStatus, reason ?? problem ?? name.toUpperCase(), message, {
    ...(field === undefined ? {} : { field }),
    headers: failureHeaders(failure, httpStatus),
  });
}
