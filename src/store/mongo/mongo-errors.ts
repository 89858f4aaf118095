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

/**
 * What an error that the server answers tells of a write.
 * - `value`: the server looked at the value and will never take it.
 * - `user`: said before anything is written, and only an operator can mend it.
 * - `early`: said before anything is written; it passes.
 * - `open`: neither yes nor no; it passes.
 */
type Meaning = 'value' | 'user' | 'early' | 'open';

/** Where an error stands: it ended the whole command, or one statement of it (`writeErrors`). */
type Place = 'command' | 'statement';

/** By code, with the names of MongoDB's `error_codes.yml`. */
export const SERVER_CODES: ReadonlyMap<number, readonly [meaning: Meaning, name: string]> = new Map([
  [1, ['open', 'InternalError']],
  [2, ['value', 'BadValue']],
  [6, ['open', 'HostUnreachable']],
  [7, ['open', 'HostNotFound']],
  [9, ['value', 'FailedToParse']],
  [13, ['user', 'Unauthorized']],
  [14, ['value', 'TypeMismatch']],
  [15, ['value', 'Overflow']],
  [18, ['user', 'AuthenticationFailed']],
  [24, ['open', 'LockTimeout']],
  [28, ['value', 'PathNotViable']],
  [40, ['value', 'ConflictingUpdateOperators']],
  [43, ['open', 'CursorNotFound']],
  [46, ['open', 'LockBusy']],
  [50, ['open', 'MaxTimeMSExpired']],
  [52, ['value', 'DollarPrefixedFieldName']],
  [56, ['value', 'EmptyFieldName']],
  [57, ['value', 'DottedFieldName']],
  [63, ['open', 'StaleShardVersion']],
  [64, ['open', 'WriteConcernTimeout']],
  [89, ['open', 'NetworkTimeout']],
  [91, ['open', 'ShutdownInProgress']],
  [112, ['open', 'WriteConflict']],
  [117, ['open', 'ConflictingOperationInProgress']],
  [121, ['value', 'DocumentValidationFailure']],
  [133, ['early', 'FailedToSatisfyReadPreference']],
  [134, ['early', 'ReadConcernMajorityNotAvailableYet']],
  [150, ['open', 'StaleEpoch']],
  [175, ['open', 'QueryPlanKilled']],
  [189, ['open', 'PrimarySteppedDown']],
  [202, ['open', 'NetworkInterfaceExceededTimeLimit']],
  [211, ['early', 'KeyNotFound']],
  [246, ['open', 'SnapshotUnavailable']],
  [262, ['open', 'ExceededTimeLimit']],
  [279, ['open', 'ClientDisconnect']],
  [384, ['open', 'ConnectionError']],
  [462, ['early', 'IngressRequestRateLimitExceeded']],
  [9001, ['open', 'SocketException']],
  [10058, ['early', 'LegacyNotPrimary']],
  [10107, ['early', 'NotWritablePrimary']],
  [10334, ['value', 'BSONObjectTooLarge']],
  [11600, ['open', 'InterruptedAtShutdown']],
  [11601, ['open', 'Interrupted']],
  [11602, ['open', 'InterruptedDueToReplStateChange']],
  [13388, ['open', 'StaleConfig']],
  [13435, ['early', 'NotPrimaryNoSecondaryOk']],
  [13436, ['open', 'NotPrimaryOrSecondary']],
  [14031, ['early', 'OutOfDiskSpace']],
  [17280, ['value', 'KeyTooLong']],
  [17419, ['value', 'the document would be too large']],
  [17420, ['value', 'the document is too large']],
]);

/** Undefined for a code that stands nowhere above. */
function meaningOf(code: unknown): Meaning | undefined {
  return SERVER_CODES.get(Number(code))?.[0];
}

export const DUPLICATE_KEY = 11000;

/** The driver gave up before it sent the command. */
const NOT_SENT: ReadonlySet<string> = new Set([
  'MongoWaitQueueTimeoutError',
  'MongoPoolClearedError',
  'MongoPoolClosedError',
]);

/** With which the server, or the driver, says that the same may succeed later. */
const PASSING_LABELS = ['RetryableWriteError', 'RetryableError', 'TransientTransactionError'] as const;

export function writeError(error: unknown): StoreError {
  return asStoreError(error, writeVerdict(error));
}

/** A read changes nothing, so that every failure of it is only that. */
export function readError(error: unknown): StoreError {
  return asStoreError(error, { failure: 'unavailable' });
}

function asStoreError(error: unknown, verdict: Verdict): StoreError {
  if (error instanceof StoreError) return error;
  return storeError(verdict, messageOf(error), error);
}

function storeError({ failure, likelyRefused }: Verdict, message: string, cause: unknown): StoreError {
  const options = { cause, ...(likelyRefused && { likelyRefused }) };
  return new StoreError(failure, `MongoDB: ${message}`, options);
}

/** What became of a write that failed. */
interface Verdict {
  readonly failure: StoreFailure;
  readonly likelyRefused?: true;
}

/** Only what proves that nothing was or will be applied is more than `unknown`: a time-out, a lost connection, code 1 and
 * code 50 are neither yes nor no. */
function writeVerdict(error: unknown): Verdict {
  if (wasNotSent(error)) return { failure: 'unavailable' };
  if (error instanceof MongoWriteConcernError) return { failure: 'unknown' };
  if (error instanceof MongoServerError) return serverVerdict(error);
  return { failure: isEncodingError(error) ? 'refused' : 'unknown' };
}

function serverVerdict(error: MongoServerError): Verdict {
  if (saysNothingWritten(error)) return { failure: 'unavailable' };
  const known = meaningOf(error.code) !== undefined;
  if (!known && PASSING_LABELS.some((label) => error.hasErrorLabel(label))) return { failure: 'unknown' };
  return codeVerdict(error.code, placeOf(error));
}

/**
 * A statement that the server names by a code that is none of those that pass was looked at and not applied. A command that
 * it ended so most likely was not, but it may have been answered on behalf of another server: somebody has to look.
 */
function codeVerdict(code: unknown, place: Place | undefined): Verdict {
  const meaning = meaningOf(code);
  if (meaning === 'value') return { failure: 'refused' };
  if (meaning === 'user' || meaning === 'early') return { failure: 'unavailable' };
  if (meaning === 'open') return { failure: 'unknown' };
  if (place === 'statement') return { failure: 'refused' };
  return place === 'command' ? { failure: 'unknown', likelyRefused: true } : { failure: 'unknown' };
}

/** One of the `writeErrors` of an answer. */
export function statementError({ code, errmsg }: StatementFailure, cause?: unknown): StoreError {
  return storeError(codeVerdict(code, 'statement'), errmsg ?? `code ${code}`, cause);
}

export interface StatementFailure {
  readonly code: number;
  readonly errmsg?: string | undefined;
}

/** The driver makes the same error of an answer that is an error, of the only statement of a command, and in a bulk of a lost
 * connection, which is no answer. */
function placeOf({ errorResponse }: MongoServerError): Place | undefined {
  if (errorResponse['ok'] === 0) return 'command';
  return errorResponse['index'] === undefined ? undefined : 'statement';
}

/** Labels of MongoDB 6.0 and newer: nothing was written, or the server was too busy to begin. */
function saysNothingWritten(error: MongoError): boolean {
  if (error.hasErrorLabel('NoWritesPerformed')) return true;
  return error.hasErrorLabel('SystemOverloadedError') && error.hasErrorLabel('RetryableError');
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

export function isUserRefused(error: unknown): boolean {
  return error instanceof MongoServerError && meaningOf(error.code) === 'user';
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
  // Its members are not there yet, or are not fast enough today.
  if (error instanceof MongoWriteConcernError) return true;
  if (error instanceof MongoServerError) return serverErrorPasses(error);
  return error instanceof MongoError || (error instanceof Error && 'syscall' in error);
}

/** The server answered no, and will again. */
export function isRejected(error: unknown): error is MongoServerError {
  return error instanceof MongoServerError && !isPassing(error);
}

function serverErrorPasses(error: MongoServerError): boolean {
  const meaning = meaningOf(error.code);
  if (meaning !== undefined) return meaning === 'early' || meaning === 'open';
  return PASSING_LABELS.some((label) => error.hasErrorLabel(label));
}
