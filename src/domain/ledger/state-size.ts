import { REMEMBERED_STREAMS } from '../model/limits.js';
import type {
  ClosedLease,
  Receipt,
  Section,
  SectionValues,
  StoredAi,
  StoredCount,
  StoredLease,
  StoredPresumed,
  StoredTopUp,
  UsageDay,
} from '../model/state.js';
import { UNKNOWN } from '../model/types.js';
import { HOURS_A_DAY } from '../policy/experience.js';

/**
 * How many bytes the entries of a state take where it is one document: as BSON, on MongoDB, whose bound of 16 MB none may reach.
 * Texts are measured, all else is taken as the largest that it can be: the sum is never below what is stored.
 */

/** Type, `_` and the end of the name. */
const NAME = 3;
const NUMBER = 8;
const DOCUMENT = 5;
const TEXT = 5;
/** A place in a list of at most a hundred. */
const PLACE = 4;

/** Where it stands as the name of a field, percent-escaped: `store/mongo/documents.ts`. */
export function nameBytes(name: string): number {
  if (PLAIN.test(name)) return NAME + name.length;
  let bytes = NAME;
  for (let at = 0; at < name.length; at += 1) bytes += escapedBytes(name.charCodeAt(at));
  return bytes;
}

/** The same without a look at the characters, which are ASCII: made with every decision. */
function mostNameBytes(name: string): number {
  return NAME + 3 * name.length;
}

const PLAIN = /^[ !"#&-\-/-~]*$/;

function escapedBytes(code: number): number {
  if (code >= 0x800) return 9;
  if (code >= 0x80) return 6;
  return code < 0x20 || code === 0x7f || code === 0x24 || code === 0x25 || code === 0x2e ? 3 : 1;
}

const ASCII = /^[ -~]*$/;

function textBytes(text: string): number {
  return ASCII.test(text) ? text.length : 3 * text.length;
}

/** Of a field that may be absent. */
function part(name: string, value: unknown): number {
  return 2 + name.length + valueBytes(value);
}

/** Of any value that may stand in a state. */
export function valueBytes(value: unknown): number {
  if (typeof value === 'number') return NUMBER;
  if (typeof value === 'string') return TEXT + textBytes(value);
  if (typeof value === 'boolean') return 1;
  if (typeof value !== 'object' || value === null) return 0;
  let bytes = DOCUMENT;
  for (const [name, part] of Object.entries(value)) bytes += 2 + textBytes(name) + valueBytes(part);
  return bytes;
}

/** All that an entry has beside its texts: measured once. */
const LEASE: Required<Omit<StoredLease, 'labels' | 'session' | 'model' | 'topUpId'>> = {
  renewed: true,
  ...{ leaseId: '', aiId: '', requestId: '', fingerprint: '', day: '2026-01-01' },
  ...{ fence: 0, reserved: 0, used: 0, roundedUp: 0, grantedAt: 0, expiresAt: 0, renewableUntil: 0 },
  ...{ ttlMs: 0, reportedAt: 0, hourStart: 0, previousGrantAt: 0 },
};
const RECEIPT = { id: '', epoch: 0, at: 0, revision: 0 };
const CLOSED_LEASE = valueBytes({
  ...RECEIPT,
  body: {
    ...{ kind: 'lease', lease: { ...LEASE, labels: [] }, status: 'RELEASED', presumed: 0, closedAt: 0 },
    settleUntil: 0,
  },
});
const SESSION = part('session', { id: '', owner: '', stream: '', ended: true, before: [] });
const STREAM = PLACE + valueBytes({ stream: '', ended: true });
const RELEASE_BODY = {
  ...{ fingerprint: '', usageId: '', unreported: 'PRESUME', usedTokens: 0, freedTokens: 0, overrunTokens: 0 },
};
const RELEASE = part('release', RELEASE_BODY);
const PRESUMING = part('presuming', RELEASE_BODY);
const PRESUMED_KEY = part('presumedKey', '');
/** What a lease may come to beside: in a session after its grant, at its release, by what is presumed of it. */
const MOST_OF_SESSION = SESSION + 64 + 32 + 32 + REMEMBERED_STREAMS * (STREAM + 32);
const MOST_OF_RELEASE = RELEASE + PRESUMING + 2 * (32 + 128);
const MOST_OF_PRESUMED_KEY = PRESUMED_KEY + 132;
const USAGE = valueBytes({
  ...RECEIPT,
  body: {
    ...{ kind: 'usage', fingerprint: '', chargedTokens: 0, overrunTokens: 0, late: false, fence: 0 },
    ...{ model: '', requestType: '', failed: false, calls: 0 },
  },
});
/** Name and id of a lease's receipt: epoch and fence have at most 16 digits each. */
const LEASE_RECEIPT_ID = 4 * 36 + NAME;
const MODEL = part('model', '');
const LABEL = PLACE + DOCUMENT + 2 * (3 + TEXT);
/** Those of a day: after a change of zone its first may be longer than two, and an adjustment may add one. */
const HOURS = 64;
const DAY =
  valueBytes({
    ...{ start: 0, end: 0, total: 0, presumed: 0, late: 0, topped: 0, hours: [] },
    ...{ changedAt: 0, settleUntil: 0 },
  }) +
  part('calls', 0) +
  part('failedCalls', 0) +
  part('zone', ' '.repeat(64)) +
  part('unit', 'USD') +
  part('refused', true) +
  HOURS * (PLACE + valueBytes({ start: 0, tokens: 0, adjusted: 0, topped: 0 }));
const PAST_DAY = valueBytes({ total: 0, refused: true, hours: Array.from({ length: HOURS_A_DAY }, () => 0) });
const LAPSED = valueBytes({ windowStart: 0, tokens: 0 });
const WRITER = valueBytes({ seq: 0, at: 0 });
const AI = valueBytes({ lastGrantAt: 0, grants: [], cooldownFrom: 0, unusedAt: 0 });
/** A grant that outlived 16 newer ones is remembered at its end. */
const REMEMBERED_GRANT = 3 * (PLACE + NUMBER);
const DAY_NAME = '2026-01-01 '.length;
/** Of an AI or model in a day: tokens, calls and failed calls. */
const COUNT = DOCUMENT + 3 * (PLACE + NUMBER);
const PRESUMED = valueBytes({ aiId: '', hourStart: 0, tokens: 0, topped: true });
const TOP_UP_ID = part('topUpId', '');
/** All that a top-up may come to beside its texts. */
const TOP_UP = valueBytes({
  ...{ kind: 'LARGER_MONTH', tokens: 0, reason: '', addedAt: 0, fingerprint: '', aiId: '', month: '2026-01' },
  teamId: '',
  ...{ expiresAt: 0, spent: 0, settleUntil: 0, takenBack: 0, endedAt: 0 },
} satisfies Required<StoredTopUp>);
/** Of the day and the month, and of the model `(unknown)` in both, beside the names of an AI. */
const TOPPED = 5 * (NAME + DAY_NAME + NUMBER) + 2 * 16;
/** A day and a fence. */
const PRESUMED_NAME = NAME + DAY_NAME + 16;

/** But for what `part`s may be beside it. */
function closedLeaseBytes(lease: StoredLease): number {
  const { leaseId, aiId, requestId, fingerprint, labels, model, topUpId } = lease;
  const texts = leaseId.length + aiId.length + requestId.length + fingerprint.length;
  const named = model === undefined ? 0 : MODEL + textBytes(model);
  const topUp = topUpId === undefined ? 0 : TOP_UP_ID + topUpId.length;
  return CLOSED_LEASE + texts + named + topUp + (labels === undefined ? 0 : labelBytes(labels));
}

function labelBytes(labels: NonNullable<StoredLease['labels']>): number {
  let bytes = 0;
  for (const name in labels) bytes += LABEL + textBytes(name) + textBytes(labels[name] ?? '');
  return bytes;
}

/**
 * A live lease counts as what it leaves at its end: its receipt, and what it presumes, by itself and under its AI's name in its
 * hour, day and month, and with its model there; one that was granted from a top-up once more as topped. So there is room for that already, however many end at once.
 */
function leaseBytes(lease: StoredLease): number {
  const names = 4 * mostNameBytes(lease.aiId) + 2 * (DAY_NAME + COUNT) + UNKNOWN.length + 1 + 2 * NUMBER;
  const topped = lease.topUpId === undefined ? 0 : 2 * mostNameBytes(lease.aiId) + TOPPED;
  const presumed = PRESUMED_NAME + presumedBytes(lease);
  const most = MOST_OF_SESSION + MOST_OF_RELEASE + MOST_OF_PRESUMED_KEY;
  return closedLeaseBytes(lease) + most + LEASE_RECEIPT_ID + names + topped + presumed + REMEMBERED_GRANT;
}

function presumedBytes({ aiId, model }: Pick<StoredPresumed, 'aiId' | 'model'>): number {
  return PRESUMED + textBytes(aiId) + (model === undefined ? 0 : MODEL + textBytes(model));
}

function receiptBytes({ id, body }: Receipt): number {
  if (body.kind === 'lease') return id.length + closedBytes(body);
  if (body.kind !== 'usage') return valueBytes({ ...RECEIPT, body }) + id.length;
  return USAGE + id.length + body.fingerprint.length + 3 * (body.model.length + body.requestType.length);
}

/** Measured by hand: it is made with every release. */
function closedBytes({ lease, release, presuming, presumedKey }: ClosedLease): number {
  const { session } = lease;
  let bytes = closedLeaseBytes(lease);
  if (release !== undefined) bytes += RELEASE + release.fingerprint.length + (release.usageId?.length ?? 0);
  if (presuming !== undefined)
    bytes += PRESUMING + presuming.fingerprint.length + (presuming.usageId?.length ?? 0);
  if (presumedKey !== undefined) bytes += PRESUMED_KEY + presumedKey.length;
  if (session === undefined) return bytes;
  const { id, owner, stream, before = [] } = session;
  bytes += SESSION + id.length + owner.length + stream.length;
  for (const earlier of before) bytes += STREAM + earlier.stream.length;
  return bytes;
}

/** Of a day that comes back into the state from its document. */
export function usageDayBytes(day: UsageDay | undefined): number {
  let bytes = DAY;
  for (const names of [day?.ais, day?.models, day?.toppedAis, day?.toppedModels]) {
    for (const name of names?.keys() ?? []) bytes += DAY_NAME + nameBytes(name) + COUNT;
  }
  for (const name of day?.pairs?.keys() ?? []) bytes += DAY_NAME + nameBytes(name) + COUNT;
  for (const [key, presumed] of day?.presumedBy ?? [])
    bytes += DAY_NAME + nameBytes(key) + presumedBytes(presumed);
  for (const key of day?.parts.keys() ?? []) bytes += DAY_NAME + nameBytes(key) + NUMBER;
  return bytes;
}

function topUpBytes({ reason, fingerprint, aiId = '', teamId = '' }: StoredTopUp): number {
  return TOP_UP + textBytes(reason) + fingerprint.length + aiId.length + teamId.length;
}

function aiBytes({ grants }: StoredAi): number {
  return AI + grants.length * (PLACE + NUMBER);
}

/** How the entries of a section are measured. */
export interface Measure<V> {
  readonly nameBytes: (name: string) => number;
  /** What a value takes beside its name. */
  readonly valueBytes: (value: V) => number;
  /** The values of a name may differ in what they take. */
  readonly varies: boolean;
}

const TOKENS: Measure<number> = { nameBytes, valueBytes: () => NUMBER, varies: false };
/** As the largest, whether there are calls or not: so a name takes the same room from its first token on. */
const COUNTS: Measure<StoredCount> = { nameBytes, valueBytes: () => COUNT, varies: false };

export const MEASURES: { readonly [S in Section]: Measure<SectionValues[S]> } = {
  settings: { nameBytes, valueBytes, varies: true },
  leases: { nameBytes: mostNameBytes, valueBytes: leaseBytes, varies: false },
  ais: { nameBytes, valueBytes: aiBytes, varies: true },
  days: { nameBytes, valueBytes: () => DAY, varies: false },
  dayAis: COUNTS,
  dayModels: COUNTS,
  dayPairs: COUNTS,
  dayPresumed: { nameBytes, valueBytes: presumedBytes, varies: false },
  dayTotals: TOKENS,
  pastDays: { nameBytes, valueBytes: () => PAST_DAY, varies: false },
  monthAis: TOKENS,
  monthModels: TOKENS,
  topUps: { nameBytes, valueBytes: topUpBytes, varies: false },
  toppedDays: TOKENS,
  toppedAis: TOKENS,
  toppedModels: TOKENS,
  hourAis: TOKENS,
  hourModels: TOKENS,
  hourTopped: TOKENS,
  hourParts: TOKENS,
  dayParts: TOKENS,
  monthParts: TOKENS,
  lapsed: { nameBytes, valueBytes: () => LAPSED, varies: false },
  outbox: { nameBytes: mostNameBytes, valueBytes: receiptBytes, varies: true },
  changes: { nameBytes, valueBytes, varies: true },
  alerts: { nameBytes, valueBytes, varies: true },
  writers: { nameBytes, valueBytes: () => WRITER, varies: false },
};

/** Head, id and the frames of the sections. */
export const HEAD_BYTES = 1_024;
