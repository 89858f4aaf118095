/** The bounds that keep every budget's state small, and every number exact. */

/** The largest single amount of tokens. */
export const MAX_AMOUNT = 1e12;
/** AIs counted by name in a day or month; the rest stand under `(other)`. */
export const MAX_AIS = 5_000;
/** Models counted by name in a day or month. */
export const MAX_MODELS = 500;
/** Leases whose presumed tokens a day keeps apart; those of further ones are kept by AI. */
export const MAX_PRESUMED_LEASES = 5_000;
/** Request ids remembered per AI. */
export const REMEMBERED_REQUESTS = 16;
/** They are remembered at least this long, unless 16 newer ones replace them. */
export const REQUEST_MEMORY_MS = 60 * 60_000;
/** Last grants are kept at least this long. */
export const LAST_GRANT_MEMORY_MS = 24 * 60 * 60_000;
/** How long usage ids, adjustment ids and closed leases are known. */
export const RECEIPT_MEMORY_MS = 7 * 24 * 60 * 60_000;
/** Stamps of copies that committed nothing for this long are forgotten, but never the last few: a machine may sleep that long. */
export const WRITER_MEMORY_MS = 24 * 60 * 60_000;
export const REMEMBERED_WRITERS = 16;
/** Above this size of a budget's state nothing new is granted; reports and releases still work. */
export const MAX_STATE_BYTES = 12 * 1024 * 1024;
/** Receipts that may wait in the state to be written; beyond, decisions that add one are UNAVAILABLE. */
export const MAX_OUTBOX = 20_000;
