/**
 * What an error that the server answers tells of a write.
 * - `value`: the server looked at the value and will never take it.
 * - `user`: said before anything is written, and only an operator can mend it.
 * - `early`: said before anything is written; it passes.
 * - `open`: neither yes nor no; it passes.
 */
export type Meaning = 'value' | 'user' | 'early' | 'open';

/** Where an error stands: it ended the whole command, or one statement of it (`writeErrors`). */
export type Place = 'command' | 'statement';

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
export function meaningOf(code: unknown): Meaning | undefined {
  return SERVER_CODES.get(Number(code))?.[0];
}
