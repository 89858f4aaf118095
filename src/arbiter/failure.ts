import { NewerFormatError } from '../domain/ledger/ledger.js';
import type { Log } from '../platform/log.js';
import { StoreError } from '../store/store.js';
import { ArbiterError } from './service-port.js';

/** What a failure of the store is to a caller, and to the log. */

export function isRefusal(error: unknown): boolean {
  return error instanceof StoreError && error.failure === 'refused';
}

/** As a caller may see it. An error that nobody foresaw stays what it is. */
export function asCallerSees(error: unknown): unknown {
  if (isRefusal(error)) {
    const message = 'the store refuses this request; it will never accept it as it is';
    return new ArbiterError('STORE_REFUSED', message, undefined, { cause: error });
  }
  if (error instanceof NewerFormatError) {
    return new ArbiterError('STORE_UNAVAILABLE', error.message, 1_000, { cause: error });
  }
  if (!(error instanceof StoreError)) return error;
  const message = 'the store does not answer; repeat with the same ids';
  return new ArbiterError('STORE_UNAVAILABLE', message, 1_000, { cause: error });
}

/** One line when a failure begins, not one for every request or try. */
export function logFailure(log: Log, budgetId: string, error: unknown, failedBefore: boolean): void {
  const fields = { budget: budgetId };
  if (isRefusal(error)) {
    log.warn({ ...fields, reason: (error as StoreError).message }, 'the store refuses a request');
  } else if (!(error instanceof StoreError) && !(error instanceof NewerFormatError)) {
    log.error({ ...fields, err: error }, 'a round of decisions failed');
  } else if (!failedBefore) {
    log.warn({ ...fields, reason: error.message }, 'the store does not answer');
  }
}

/** Errors of the store as callers may see them. */
export async function askStore<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    throw new ArbiterError('STORE_UNAVAILABLE', 'the store does not answer; ask again', 1_000, {
      cause: error,
    });
  }
}
