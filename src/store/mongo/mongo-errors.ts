import {
  MongoClientClosedError,
  MongoError,
  MongoInvalidArgumentError,
  MongoNotConnectedError,
  MongoServerError,
  MongoServerSelectionError,
  MongoTopologyClosedError,
  MongoWriteConcernError,
} from 'mongodb';
import { redactSecrets } from '../../platform/redact.js';
import { StoreError, type StoreFailure } from '../store.js';

export const DUPLICATE_KEY = 11000;

/** The server looked at the value and will never take it: BadValue, FailedToParse, TypeMismatch, Overflow, PathNotViable,
 * ConflictingUpdateOperators, DollarPrefixedFieldName, EmptyFieldName, DottedFieldName, DocumentValidationFailure, and the
 * codes of a document that is too large. */
const REFUSED: ReadonlySet<unknown> = new Set([
  2, 9, 14, 15, 28, 40, 52, 56, 57, 121, 10334, 17280, 17419, 17420,
]);

/** Said before anything is written: Unauthorized, AuthenticationFailed, NotWritablePrimary, NotPrimaryNoSecondaryOk,
 * OutOfDiskSpace. */
const NOT_APPLIED: ReadonlySet<unknown> = new Set([13, 18, 10107, 13435, 14031]);

/** InternalError, MaxTimeMSExpired, WriteConcernTimeout, ShutdownInProgress, PrimarySteppedDown, NotWritablePrimary,
 * InterruptedAtShutdown, InterruptedDueToReplStateChange, NotPrimaryNoSecondaryOk, NotPrimaryOrSecondary. */
const PASSING: ReadonlySet<unknown> = new Set([1, 50, 64, 91, 189, 10107, 11600, 11602, 13435, 13436]);

/** The driver gave up before it sent the command. */
const NOT_SENT: ReadonlySet<string> = new Set([
  'MongoWaitQueueTimeoutError',
  'MongoPoolClearedError',
  'MongoPoolClosedError',
]);

export function writeError(error: unknown): StoreError {
  return asStoreError(error, writeFailure(error));
}

/** A read changes nothing, so that every failure of it is only that. */
export function readError(error: unknown): StoreError {
  return asStoreError(error, 'unavailable');
}

function asStoreError(error: unknown, failure: StoreFailure): StoreError {
  if (error instanceof StoreError) return error;
  return new StoreError(failure, `MongoDB: ${messageOf(error)}`, { cause: error });
}

/** Only what proves that nothing was or will be applied is more than `unknown`: a time-out, a lost connection, code 1 and
 * code 50 are neither yes nor no. */
function writeFailure(error: unknown): StoreFailure {
  if (wasNotSent(error)) return 'unavailable';
  if (error instanceof MongoWriteConcernError) return 'unknown';
  if (error instanceof MongoServerError) return failureOfCode(error.code);
  return isEncodingError(error) ? 'refused' : 'unknown';
}

export function failureOfCode(code: unknown): StoreFailure {
  if (REFUSED.has(code)) return 'refused';
  return NOT_APPLIED.has(code) ? 'unavailable' : 'unknown';
}

function wasNotSent(error: unknown): boolean {
  return (
    error instanceof MongoServerSelectionError ||
    error instanceof MongoNotConnectedError ||
    error instanceof MongoTopologyClosedError ||
    error instanceof MongoClientClosedError ||
    (error instanceof MongoError && (NOT_SENT.has(error.name) || error.hasErrorLabel('HandshakeError')))
  );
}

/** The driver could not turn the value into BSON, or it is larger than any message may be. */
function isEncodingError(error: unknown): boolean {
  if (error instanceof MongoInvalidArgumentError || error instanceof RangeError) return true;
  return error instanceof Error && error.name.startsWith('BSON');
}

/** Unauthorized or AuthenticationFailed. */
export function isUserRefused(error: unknown): boolean {
  return error instanceof MongoServerError && (error.code === 13 || error.code === 18);
}

export function isDuplicateKey(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === DUPLICATE_KEY;
}

export function messageOf(error: unknown): string {
  return redactSecrets(error instanceof Error ? error.message : String(error));
}

/** The server was not reached or is not ready: a later try may succeed. */
export function isPassing(error: unknown): boolean {
  if (error instanceof MongoInvalidArgumentError) return false;
  if (error instanceof MongoServerError) return PASSING.has(error.code);
  return error instanceof MongoError || (error instanceof Error && 'syscall' in error);
}
