import { status } from '@grpc/grpc-js';
import { expect, it } from 'vitest';
import { RequestError } from '../../../../src/api/failures/request-error.js';
import { failureOf, unforeseen } from '../../../../src/api/failures/status.js';
import { ErrorReason } from '../../../../src/gen/budgetarbiter/v1/budget.js';

it('knows nothing of errors that nobody foresaw', () => {
  for (const error of [new Error('x'), new TypeError('x'), 'text', undefined, { code: 5 }]) {
    expect(failureOf(error)).toBeUndefined();
  }
  expect(unforeseen('id-1')).toMatchObject({ code: status.INTERNAL, metadata: { error_id: 'id-1' } });
});

it('names bytes that do not decode as the API does', () => {
  const failure = failureOf(
    new RequestError({ reason: 'MALFORMED_MESSAGE', typeName: 'budgetarbiter.v1.X' }),
  );
  expect(failure).toMatchObject({ code: status.INVALID_ARGUMENT, reason: 'MALFORMED_MESSAGE' });
  expect(ErrorReason).toHaveProperty('ERROR_REASON_MALFORMED_MESSAGE');
});

it('has no reason of the API for a service that health checks do not know', () => {
  const failure = failureOf(new RequestError({ reason: 'UNKNOWN_SERVICE', service: 'x' }));
  expect(failure).not.toHaveProperty('reason');
});
