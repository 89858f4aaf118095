import { book, type Entry, moveModel, standsUnder } from '../ledger/accounts.js';
import { restOfOpen } from '../ledger/day-rest.js';
import type { Ledger } from '../ledger/ledger.js';
import { bookTopUp, toppedOf } from '../ledger/top-ups.js';
import { MAX_PRESUMED_LEASES } from '../model/limits.js';
import type { ClosedLease, HourTotal, StoredLease, StoredPresumed } from '../model/state.js';
import { UNKNOWN, UNSPECIFIED } from '../model/types.js';

/**
 * Tokens that a lease had reserved and not reported when it ended. They stand in the day, hour and AI of its grant, under the
 * model `(unknown)`, and the day says of which lease they are: in the state, and in its usage document when it has left that. So
 * a late report, a release or a correction takes away what stands of the lease that it is about, and nothing else.
 *
 * A day keeps so many leases apart; what is presumed of further ones stands by AI, and the leases of an AI share it, first come,
 * first served. What a day of format 1 presumed belongs to no lease: each lease of that format may settle what its receipt says,
 * while the day has any of it left.
 */
export interface PresumedDay {
  /** All that is presumed in it. */
  readonly presumed: number;
  readonly presumedBy: {
    get(key: string): StoredPresumed | undefined;
    values(): Iterable<StoredPresumed>;
  };
}

/** No fence begins so, and no lease has this key: it is that of all further leases of an AI. */
const SHARED = 'ai:';
/** The same of what came from top-ups. */
const SHARED_TOPPED = 'topped:';

/** Books what a lease that ends had reserved and not reported. Says the key under which its day keeps it. */
export function presume(ledger: Ledger, lease: StoredLease, tokens: number): string {
  const { day, hourStart, aiId, fence, model } = lease;
  const { tables } = ledger;
  book(ledger, {
    day,
    hourStart,
    aiId,
    model: UNKNOWN,
    tokens,
    presumed: tokens,
    topped: toppedOf(lease, tokens),
    modelOfLease: model ?? UNSPECIFIED,
  });
  const topped = lease.topUpId === undefined ? {} : { topped: true as const };
  const { presumed, ais } = tables.accountsOf(day);
  if (presumed.size < MAX_PRESUMED_LEASES) {
    const known = model !== undefined && { model };
    tables.setPresumed(day, String(fence), { aiId, hourStart, tokens, ...known, ...topped });
    return String(fence);
  }
  const name = standsUnder(ais, aiId);
  const key = `${lease.topUpId === undefined ? SHARED : SHARED_TOPPED}${name}`;
  const before = presumed.get(key)?.value?.tokens ?? 0;
  tables.setPresumed(day, key, { aiId: name, tokens: before + tokens, ...topped });
  return key;
}

/** A day of the state, as far as it presumes; undefined while it is not there. */
export function presumedDayOf({ tables }: Ledger, day: string): PresumedDay | undefined {
  const totals = tables.days.get(day);
  if (totals === undefined) return undefined;
  const { presumed } = tables.accountsOf(day);
  return {
    presumed: totals.presumed,
    presumedBy: { get: (key) => presumed.get(key)?.value, values: () => tables.presumedBy(day).values() },
  };
}

/** What is still presumed of a closed lease. Without its day, nothing is. */
export function stillPresumed({ presumed, presumedKey }: ClosedLease, day: PresumedDay | undefined): number {
  if (day === undefined) return 0;
  const kept = presumedKey === undefined ? ofNoLease(day) : (day.presumedBy.get(presumedKey)?.tokens ?? 0);
  return Math.min(presumed, kept);
}

/** What a day of format 1 presumed, as far as it still stands. */
function ofNoLease({ presumed, presumedBy }: PresumedDay): number {
  let kept = 0;
  for (const { tokens } of presumedBy.values()) kept += tokens;
  return presumed - kept;
}

/** Of late tokens, those that turn out to be what was presumed: they change only their model. Says how many. */
export function settlePresumed(
  ledger: Ledger,
  closed: ClosedLease,
  late: Pick<Entry, 'model' | 'tokens' | 'calls'>,
): number {
  const tokens = Math.min(late.tokens, closed.presumed);
  if (tokens === 0) return 0;
  const { day, hourStart, aiId, model: modelOfLease = UNSPECIFIED } = closed.lease;
  const topped = toppedOf(closed.lease, tokens);
  const known = closed.presumedKey !== undefined && { modelOfLease };
  moveModel(ledger, { ...late, day, hourStart, aiId, tokens, presumed: -tokens, topped, ...known }, UNKNOWN);
  lower(ledger, day, closed.presumedKey, tokens);
  return tokens;
}

/** Takes presumed tokens out again, all that still stand. Says how many. */
export function freePresumed(ledger: Ledger, { lease, presumed, presumedKey }: ClosedLease): number {
  if (presumed === 0) return 0;
  const { day, hourStart, aiId } = lease;
  const own = presumedKey === String(lease.fence);
  const isTopped = lease.topUpId !== undefined;
  // What a correction of format 1 took from the AI cannot be freed once more.
  const tokens = presumedKey === undefined ? Math.min(presumed, leftOfAi(ledger, day, aiId)) : presumed;
  const hours = own
    ? [{ start: hourStart, tokens }]
    : hoursWithRoom(ledger, day, { tokens, isTopped }, hourStart);
  const known = presumedKey !== undefined && { modelOfLease: lease.model ?? UNSPECIFIED };
  for (const hour of hours)
    takeOut(ledger, { day, hourStart: hour.start, aiId, tokens: hour.tokens, ...known }, isTopped);
  bookTopUp(ledger, lease, -tokens);
  lower(ledger, day, presumedKey, tokens);
  return tokens;
}

/**
 * An adjustment takes away what is presumed of the leases of an AI, or of all, at most so much: of the lease that was granted first first,
 * and last what leases share. Either what came from top-ups, or what did not. Says how much it was.
 */
export function takePresumed(
  ledger: Ledger,
  day: string,
  aiId: string | undefined,
  most: number,
  isTopped: boolean,
): number {
  let left = most;
  const { ais } = ledger.tables.accountsOf(day);
  for (const [key, presumed] of inOrderOfGrants(ledger.tables.presumedBy(day))) {
    if (left === 0) break;
    if (!isOf(ais, presumed, aiId) || (presumed.topped === true) !== isTopped) continue;
    const tokens = Math.min(left, presumed.tokens);
    const { hourStart } = presumed;
    const hours =
      hourStart === undefined
        ? hoursWithRoom(ledger, day, { tokens, isTopped })
        : [{ start: hourStart, tokens }];
    const known = hourStart !== undefined && { modelOfLease: presumed.model ?? UNSPECIFIED };
    for (const hour of hours) {
      const here = { day, hourStart: hour.start, aiId: presumed.aiId, tokens: hour.tokens };
      takeOut(ledger, { ...here, adjusted: !isTopped, ...known }, isTopped);
    }
    lower(ledger, day, key, tokens);
    left -= tokens;
  }
  return most - left;
}

/** Whether it is presumed of this AI: by its own name, or by the one that the day counts it under. */
export function isOf(
  ais: Parameters<typeof standsUnder>[0],
  presumed: StoredPresumed,
  aiId: string | undefined,
): boolean {
  return aiId === undefined || presumed.aiId === aiId || standsUnder(ais, presumed.aiId) === aiId;
}

function inOrderOfGrants(presumedBy: ReadonlyMap<string, StoredPresumed>): [string, StoredPresumed][] {
  const isShared = (key: string) => key.startsWith(SHARED) || key.startsWith(SHARED_TOPPED);
  const fence = (key: string) => (isShared(key) ? Number.POSITIVE_INFINITY : Number(key));
  const sorted = [...presumedBy].sort(([one], [other]) => (one < other ? -1 : 1));
  return sorted.sort(([one], [other]) =>
    fence(one) < fence(other) ? -1 : fence(one) > fence(other) ? 1 : 0,
  );
}

function takeOut(
  ledger: Ledger,
  { tokens, ...of }: Pick<Entry, 'day' | 'hourStart' | 'aiId' | 'tokens' | 'adjusted' | 'modelOfLease'>,
  isTopped: boolean,
): void {
  const topped = isTopped ? -tokens : 0;
  book(ledger, { ...of, model: UNKNOWN, tokens: -tokens, presumed: -tokens, topped });
}

function lower({ tables }: Ledger, day: string, key: string | undefined, by: number): void {
  const before = key === undefined ? undefined : tables.dayPresumed.get(`${day} ${key}`);
  if (key !== undefined && before !== undefined)
    tables.setPresumed(day, key, { ...before, tokens: before.tokens - by });
}

function leftOfAi(ledger: Ledger, day: string, aiId: string): number {
  const { ais } = restOfOpen(ledger, day, false);
  return ais.get(standsUnder(ais, aiId)) ?? 0;
}

/** Hours from which so many tokens can be taken that belong to no lease: this one first, then the latest. */
function hoursWithRoom(
  ledger: Ledger,
  day: string,
  { tokens, isTopped }: { readonly tokens: number; readonly isTopped: boolean },
  first?: number,
): HourTotal[] {
  const { hours } = restOfOpen(ledger, day, isTopped);
  const order = hours.toReversed().sort((a, b) => Number(b.start === first) - Number(a.start === first));
  const taken: HourTotal[] = [];
  let left = tokens;
  for (const { start, tokens: room } of order) {
    const here = Math.min(left, room);
    if (here > 0) taken.push({ start, tokens: here });
    left -= here;
  }
  return taken;
}
