/** The bounds that keep every budget's state small, and every number exact. */

/** The largest single amount of tokens. */
export const MAX_AMOUNT = 1e12;
/** AIs counted by name in a day or month; the rest stand under `(other)`. */
export const MAX_AIS = 5_000;
/** Models counted by name in a day or month. */
export const MAX_MODELS = 500;
/** Leases whose presumed tokens a day keeps apart; those of further ones are kept by AI. */
export const MAX_PRESUMED_LEASES = 5_000;
/** Top-ups of a budget that have not ended. */
export const MAX_TOP_UPS = 50;
/** A top-up over caps lasts no longer. */
export const MAX_TOP_UP_MS = 92 * 24 * 60 * 60_000;
/** Request ids remembered per AI. */
export const REMEMBERED_REQUESTS = 16;
/** They are remembered at least this long, unless 16 newer ones replace them. */
export const REQUEST_MEMORY_MS = 60 * 60_000;
/** Last grants are kept at least this long. */
export const LAST_GRANT_MEMORY_MS = 24 * 60 * 60_000;
/** How long usage ids, adjustment ids and closed leases are known. */
export const RECEIPT_MEMORY_MS = 7 * 24 * 60 * 60_000;
/** Stamps of replicas that committed nothing for this long are forgotten, but never the last few: a machine may sleep that long. */
export const WRITER_MEMORY_MS = 24 * 60 * 60_000;
export const REMEMBERED_WRITERS = 16;
/** What they take of the state, in a day or month: so much, with all their characters. */
export const MAX_AI_BYTES = 900 * 1024;
export const MAX_MODEL_BYTES = 176 * 1024;
/** Pairs of an AI and a model that a day counts by themselves; what is in none is `(other)`. */
export const MAX_PAIRS = 5_000;
export const MAX_PAIR_BYTES = 900 * 1024;
/** A commit that carries as much takes no further request along. */
export const MAX_COMMIT_BYTES = 2 * 1024 * 1024;
/** Above this size of a budget's state nothing new is granted; reports and releases still work. */
export const MAX_STATE_BYTES = 12 * 1024 * 1024;
/** Above this size what would make it larger is UNAVAILABLE until something is written out. MongoDB takes 16 MB. */
export const MAX_FULL_STATE_BYTES = MAX_STATE_BYTES + MAX_COMMIT_BYTES;
/** Receipts that may wait in the state to be written; beyond, decisions that add one are UNAVAILABLE. */
export const MAX_OUTBOX = 20_000;
/** Leases whose time is over that one commit closes, and leases of sessions that it changes: the rest right after. */
export const CLOSED_AT_ONCE = 100;
/**
 * What is spent and reserved in a budget may come to this before nothing more is reserved. It is half of what can be counted
 * exactly: whatever is reserved, and then presumed, reports have the other half.
 */
export const MAX_RESERVED = Math.floor(Number.MAX_SAFE_INTEGER / 2);
/** Streams that a lease remembers to have had before: those of other replicas hear only at their next call that it is taken. */
export const REMEMBERED_STREAMS = 8;
