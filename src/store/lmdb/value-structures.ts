const LEASE = [
  ...['leaseId', 'fence', 'aiId', 'requestId', 'fingerprint', 'reserved', 'used', 'roundedUp', 'grantedAt'],
  ...['expiresAt', 'renewableUntil', 'ttlMs', 'day', 'hourStart'],
];
const USAGE = [
  'kind',
  'fingerprint',
  'chargedTokens',
  'overrunTokens',
  'late',
  'model',
  'requestType',
  'failed',
];
const DAY = ['start', 'end', 'total', 'presumed', 'late', 'hours', 'changedAt', 'settleUntil'];

const HEAD = [
  ...['format', 'epoch', 'revision', 'fence', 'clock', 'deleted', 'createdAt', 'zone', 'month'],
  ...['lastOpenedDay', 'receiptsDroppedAt', 'daysDroppedAt', 'wakeAt', 'learnedFor', 'changeCount'],
];

/**
 * Names of fields that values need not carry, since most have just these in just this order: a value says which of the lists it
 * follows, by its place here. One of another shape carries its names itself. **Only ever add at the end**: what stands here is how
 * what was written is read.
 */
export const VALUE_STRUCTURES: readonly (readonly string[])[] = [
  LEASE,
  [...LEASE, 'previousGrantAt'],
  [...LEASE, 'reportedAt'],
  [...LEASE, 'previousGrantAt', 'reportedAt'],
  [...LEASE, 'model'],
  [...LEASE, 'previousGrantAt', 'model'],
  [...LEASE, 'model', 'reportedAt'],
  [...LEASE, 'previousGrantAt', 'model', 'reportedAt'],
  ['lastGrantAt', 'grants'],
  ['id', 'epoch', 'at', 'revision', 'body'],
  ['kind', 'lease', 'status', 'presumed', 'closedAt', 'settleUntil', 'release'],
  ['fingerprint', 'usedTokens', 'freedTokens', 'overrunTokens'],
  USAGE,
  [...USAGE, 'fence'],
  ['seq', 'at'],
  ['key', 'start', 'end'],
  HEAD,
  ['entries', 'blocksAt'],
  ['start', 'tokens'],
  [...DAY, 'calls', 'failedCalls', 'zone', 'refused'],
  [...DAY, 'zone', 'refused'],
  ['calls', 'failedCalls'],
];
