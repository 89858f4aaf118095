import { AccessError } from '../access/access-error.js';
import { ArbiterError } from '../arbiter/door.js';
import type { Refusal } from '../domain/model/outcomes.js';
import { type Answer, errorAnswer } from './answer.js';
import { BodyError } from './request-body.js';

/** A refusal of a read, in the codes of the API. */
export function refusalAnswer(refusal: Refusal): Answer {
  switch (refusal.reason) {
    case 'BUDGET_NOT_FOUND':
      return errorAnswer(404, refusal.reason, `There is no budget ${JSON.stringify(refusal.budgetId)}.`, {
        field: 'budget_id',
      });
    case 'INVALID_FIELD': {
      const { field, description } = refusal.violations[0] ?? {
        field: '',
        description: 'A parameter is wrong.',
      };
      return errorAnswer(400, refusal.reason, description, field === '' ? {} : { field });
    }
    case 'CLOCK_NOT_TRUSTED':
      return errorAnswer(503, refusal.reason, refusal.detail);
    default:
      return errorAnswer(409, refusal.reason, `The request was refused: ${refusal.reason}.`);
  }
}

/** What a failure below means for the caller; undefined if it is a fault of this service. */
export function failureAnswer(error: unknown): Answer | undefined {
  if (error instanceof AccessError) return accessAnswer(error);
  if (error instanceof BodyError)
    return errorAnswer(413, 'TOO_LARGE', `A body may have ${error.maxBytes} bytes here.`);
  if (!(error instanceof ArbiterError)) return undefined;
  const { failure, message, retryAfterMs } = error;
  const headers = retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) };
  switch (failure) {
    case 'QUEUE_FULL':
      return errorAnswer(429, failure, message, { headers });
    case 'STORE_UNAVAILABLE':
    case 'SHUTTING_DOWN':
    case 'CANCELLED':
      return errorAnswer(503, failure, message, { headers });
    case 'STORE_REFUSED':
      return errorAnswer(400, failure, message);
  }
}

function accessAnswer({ failure, message }: AccessError): Answer {
  switch (failure) {
    case 'UNAUTHENTICATED':
      return errorAnswer(401, failure, message, {
        headers: { 'www-authenticate': 'Bearer realm="budget-arbiter"' },
      });
    case 'PERMISSION_DENIED':
      return errorAnswer(403, failure, message);
    case 'ISSUER_UNAVAILABLE':
      return errorAnswer(503, failure, message, { headers: { 'retry-after': '1' } });
  }
}
