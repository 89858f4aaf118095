import type { Failure } from '../api/failures/status.js';
import { connectCode, failureHeaders } from './connect/connect-error.js';
import { errorResponse, type HttpResponse } from './response.js';

/** A failure in the form of all that is read over HTTP: a code for programs, the message, and the field if one is wrong. */
export function failureResponse(failure: Failure): HttpResponse {
  const { reason, problem, message, violations } = failure;
  const { name, httpStatus } = connectCode(failure);
  const field = reason === 'BUDGET_NOT_FOUND' ? 'budget_id' : violations?.[0]?.field;
  return errorResponse(httpStatus, reason ?? problem ?? name.toUpperCase(), message, {
    ...(field === undefined ? {} : { field }),
    headers: failureHeaders(failure, httpStatus),
  });
}
