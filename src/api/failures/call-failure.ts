import type { ServerErrorResponse } from '@grpc/grpc-js';
import type { Ids } from '../../platform/ids.js';
import type { Log } from '../../platform/log.js';
import { errorResponse } from './error-details.js';
import { type Failure, failureOf, unforeseen } from './status.js';

/** What a call needs to end badly. */
export interface FailureSink {
  readonly log: Log;
  readonly ids: Pick<Ids, 'nonce'>;
}

/** How a call ends that met an error. */
export function callFailure(error: unknown, method: string, sink: FailureSink): ServerErrorResponse {
  return errorResponse(toldFailure(error, method, sink));
}

/** How a call ends that met an error. One that nobody foresaw is told in full to the log, and to the caller by its id there. */
export function toldFailure(error: unknown, method: string, { log, ids }: FailureSink): Failure {
  const failure = failureOf(error);
  if (failure !== undefined) {
    log.debug({ method, reason: failure.reason, message: failure.message }, 'a call was refused');
    return failure;
  }
  const errorId = ids.nonce();
  log.error({ method, errorId, err: error }, 'a call failed for a reason that nobody foresaw');
  return unforeseen(errorId);
}
