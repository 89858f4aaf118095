import type { PastDay } from '../policy/experience.js';
import type { StoredChange } from './changes.js';
import type { PolicyFields } from './policy.js';
import type { StoredSession } from './session-ref.js';
import type { CallCount, Labels, LeaseStatus, TopUpKind, Unreported } from './types.js';

/**
 * The stored form of one budget: a small head, and sections of entries, so that a commit can send changed entries only.
 * Everything here is plain JSON. In the stores a section's keys are made by callers (AIs, models): a store encodes them.
 */

/**
 * The newest format that this code reads and writes. A replica refuses a state newer than it knows. Sections and fields that came
 * after format 1 are optional, and absent ones are empty: what an older format stored is read as it is, and written as this one
 * by its first commit. Format 2 began with presumed tokens by lease.
 */
export const STATE_FORMAT = 2;

export interface StateHead {
  readonly format: number;
  /** Rises when a deleted budget is created again; part of lease, usage and receipt ids. */
  readonly epoch: number;
  /** Rises by one with every commit; a commit is a compare-and-swap on `{epoch, revision}`. */
  readonly revision: number;
  /** The fence of the newest grant. */
  readonly fence: number;
  /** The latest moment at which anything was decided; it never goes back, but by ResetClock. */
  readonly clock: number;
  readonly deleted: boolean;
  readonly createdAt: number;
  /** The zone whose calendar the windows follow now. */
  readonly zone: string;
  readonly month: MonthWindow;
  /** The latest day ever opened, `YYYY-MM-DD`: a day up to it that is not in the state has a usage document. */
  readonly lastOpenedDay: string;
  /** The revision of the commit that last dropped written receipts from the state. */
  readonly receiptsDroppedAt: number;
  /** The revision of the commit that last took a day out of the state; absent in states of format 1. */
  readonly daysDroppedAt?: number;
  /** When this budget next needs somebody's attention (expiry, writing out, closing a day); absent if never. */
  readonly wakeAt?: number;
  /** The day for which `pastDays` were learned last: they are the days before it. Absent: they are to be learned. */
  readonly learnedFor?: string;
  /** How many changes of operators there were, also in earlier lives of the budget; absent: none. */
  readonly changeCount?: number;
  /** The last day of the month before, while today is the first: it is graded as every other day that closed. */
  readonly closedDay?: ClosedDay;
}

/**
 * The last day of the month before, kept while today is the first: the state lets go of a day as soon as it is written out, but
 * this one is graded until the second, as every other day that closed. `day` is `YYYY-MM-DD`.
 */
export interface ClosedDay {
  readonly day: string;
  readonly start: number;
  readonly total: number;
}

/** `key` is `YYYY-MM`. The start can differ from the calendar's in the first month after a change of zone. */
export interface MonthWindow {
  readonly key: string;
  readonly start: number;
  readonly end: number;
}

/** What each section holds, by its key. */
export interface SectionValues {
  /** `policy`, `pause`, `silences` and `denialRate`. */
  settings: StoredPolicy | StoredPause | StoredSilences | StoredDenialRate;
  /** By fence. */
  leases: StoredLease;
  /** By AI: its last grants. */
  ais: StoredAi;
  /** By `YYYY-MM-DD`: the days that can still change. */
  days: StoredDay;
  /** By `YYYY-MM-DD AI`: tokens and calls of an open day. */
  dayAis: StoredCount;
  /** By `YYYY-MM-DD model`. */
  dayModels: StoredCount;
  /** By `YYYY-MM-DD AI model`: see `ledger/pairs.ts`. Absent in states from before it was kept. */
  dayPairs: StoredCount;
  /** By `YYYY-MM-DD fence`: what is presumed of leases that were granted in an open day; see `presumed.ts`. */
  dayPresumed: StoredPresumed;
  /** By `YYYY-MM-DD`: the days of the current month, open or not. */
  dayTotals: number;
  /** By `YYYY-MM-DD`: the last closed days, as far as coming ones are planned by them; see `policy/experience.ts`. */
  pastDays: StoredPastDay;
  /** By AI: tokens of the current month. */
  monthAis: number;
  /** By model. */
  monthModels: number;
  /** By id: what operators gave beyond the policy, and what a month left over. */
  topUps: StoredTopUp;
  /** By `YYYY-MM-DD`: of `dayTotals`, the tokens that came from top-ups. Absent here and below: none. */
  toppedDays: number;
  /** By `span AI`, a span being an open day, `YYYY-MM-DD`, or the current month, `YYYY-MM`: of `dayAis` and `monthAis`. */
  toppedAis: number;
  /** By `span model`. */
  toppedModels: number;
  /** By AI: tokens of the current hour, while the policy has teams. */
  hourAis: number;
  /** By model: the same, while it has limits of models. */
  hourModels: number;
  /** By AI: what came from top-ups in the current hour, which `hourAis` is without, while the policy has teams. */
  hourTopped: number;
  /** By `TEAM id`, `MODEL pattern` or `PRESUMED pattern`: what scopes have of names of many; see `scope-counts.ts`. */
  hourParts: number;
  /** By `YYYY-MM-DD`, a space and the same: of open days. */
  dayParts: number;
  monthParts: number;
  /** By `DAY team` and `HOUR team`: what a guaranteed team let melt there: see `policy/kept.ts`. */
  lapsed: StoredLapsed;
  /** By receipt id: receipts that are not yet known to be written. */
  outbox: Receipt;
  /** By number: records of changes that are not yet known to be written. */
  changes: StoredChange;
  /** By `RULE window-start`. */
  alerts: StoredAlert;
  /** By the id of a replica: its last commit. */
  writers: StoredWriter;
}

export type Section = keyof SectionValues;
export const SECTIONS = [
  'settings',
  'leases',
  'ais',
  'days',
  'dayAis',
  'dayModels',
  'dayPairs',
  'dayPresumed',
  'dayTotals',
  'pastDays',
  'monthAis',
  'monthModels',
  'topUps',
  'toppedDays',
  'toppedAis',
  'toppedModels',
  'hourAis',
  'hourModels',
  'hourTopped',
  'hourParts',
  'dayParts',
  'monthParts',
  'lapsed',
  'outbox',
  'changes',
  'alerts',
  'writers',
] as const satisfies readonly Section[];

export interface StoredPolicy {
  readonly fields: PolicyFields;
  /** The etag: the revision of the commit that set it. */
  readonly revision: number;
}

export interface StoredPause {
  readonly reason: string;
  readonly at: number;
  readonly principal?: string;
}

/** What a replica last said of its denials: see `alerts/denial-rate.ts`. */
export interface StoredDenialRate {
  readonly at: number;
  readonly perMinute: number;
}

export interface StoredSilences {
  readonly byRule: Silences;
}

/** By rule, or under `*` for all of them: see `alerts/silences.ts`. */
export type Silences = { readonly [rule: string]: StoredSilence };

export interface StoredSilence {
  readonly until: number;
  readonly reason: string;
  readonly at: number;
  /** Who asked, as the log names them. */
  readonly principal?: string;
}

/** A live lease; also the body of a closed one's receipt. */
export interface StoredLease {
  readonly leaseId: string;
  readonly fence: number;
  readonly aiId: string;
  readonly requestId: string;
  readonly fingerprint: string;
  readonly reserved: number;
  readonly used: number;
  /** Millionths of a token that the cumulative sum is below `used`, which is rounded up. */
  readonly roundedUp: number;
  readonly grantedAt: number;
  readonly expiresAt: number;
  readonly renewableUntil: number;
  readonly ttlMs: number;
  /** Its last report that was booked; absent if none was, or none since this is kept. */
  readonly reportedAt?: number;
  /** The windows of the grant. */
  readonly day: string;
  readonly hourStart: number;
  /** The AI's last grant before this one, to undo a grant that nobody received. */
  readonly previousGrantAt?: number;
  readonly labels?: Labels;
  /** The model that the request named; absent if none. */
  readonly model?: string;
  /** The session that keeps it alive; absent in leases of calls of their own, and in states from before there were sessions. */
  readonly session?: StoredSession;
  /** It was renewed, by its AI or its session. */
  readonly renewed?: true;
  /** The top-up that it was granted from: what it reserves counts there, and in no window. */
  readonly topUpId?: string;
}

/** Tokens beyond the policy: see `top-ups.ts`. */
export interface StoredTopUp {
  readonly kind: TopUpKind;
  readonly tokens: number;
  readonly reason: string;
  readonly addedAt: number;
  /** A digest of the content, which a repeat with the same id must share. */
  readonly fingerprint: string;
  /** OVER_CAPS: it is for this AI alone, or for this team. */
  readonly aiId?: string;
  readonly teamId?: string;
  /** OVER_CAPS: when it ends, if nobody ends it before. */
  readonly expiresAt?: number;
  /** OVER_CAPS: what leases have spent of it, and what is presumed of them. */
  readonly spent?: number;
  /** OVER_CAPS: until then a late release may give some of it back. */
  readonly settleUntil?: number;
  /** LARGER_MONTH: `YYYY-MM`. */
  readonly month?: string;
  /** LARGER_MONTH: what its end took back of it. */
  readonly takenBack?: number;
  /** When an operator ended it. */
  readonly endedAt?: number;
}

export interface StoredAi {
  readonly lastGrantAt: number;
  /** Since when its cooldown counts, where that is not its last grant: that one was given back unused. */
  readonly cooldownFrom?: number;
  /** When it last gave a slot back unused, whether it got its cooldown back with it or not. */
  readonly unusedAt?: number;
  /** Its newest grants, oldest first, three numbers each: a digest of the request id, the fence, when: see `request-memory.ts`. */
  readonly grants: readonly number[];
}

/** Tokens; where calls are counted beside them: tokens, calls, and how many of these failed. */
export type StoredCount = number | readonly [tokens: number, calls: number, failedCalls: number];

export interface StoredDay {
  readonly start: number;
  readonly end: number;
  readonly total: number;
  readonly presumed: number;
  readonly late: number;
  /** Of `total`, what came from top-ups. */
  readonly topped?: number;
  /** Absent: none, as is `failedCalls`. */
  readonly calls?: number;
  readonly failedCalls?: number;
  readonly hours: readonly HourTotal[];
  /** The revision of the last commit that changed it. */
  readonly changedAt: number;
  /** Until then a late release may free what was presumed in it. */
  readonly settleUntil: number;
  /** Whose calendar it follows; absent in states from before it was kept. */
  readonly zone?: string;
  /** A paced cap refused a request on it; absent in states from before it was kept. */
  readonly refused?: boolean;
  /** What its amounts count; absent: tokens. */
  readonly unit?: string;
}

/** A closed day, of the days before today. What it left of an equal part, and in which hours it was used, coming days may expect. */
export interface StoredPastDay extends PastDay {
  /** By what the clock showed, what it used beside adjustments; absent if it used nothing, or was mostly adjusted. */
  readonly hours?: readonly number[];
}

/** Tokens presumed of one lease; or of several leases of one AI, and then of no hour. */
export interface StoredPresumed {
  readonly aiId: string;
  readonly hourStart?: number;
  readonly tokens: number;
  /** They came from a top-up. */
  readonly topped?: true;
  /** The model that the lease's request named; absent if none, and of several leases. */
  readonly model?: string;
}

export interface HourTotal {
  readonly start: number;
  readonly tokens: number;
  /** Of `tokens`, what came from top-ups. */
  readonly topped?: number;
  /** How much of the rest adjustments put there, or took; absent if there was none. */
  readonly adjusted?: number;
}

/** Of the window that starts then; of any other nothing has lapsed. */
export interface StoredLapsed {
  readonly windowStart: number;
  readonly tokens: number;
}

export interface StoredWriter {
  readonly seq: number;
  readonly at: number;
}

/** Proof that something happened once: a closed lease, a booked usage id, an adjustment. Known for 7 days. */
export interface Receipt {
  /** Unique in its budget: see `receipt-id.ts`. */
  readonly id: string;
  readonly epoch: number;
  /** When it happened. */
  readonly at: number;
  /** The revision of the commit that wrote it last: a newer one replaces an older one. */
  readonly revision: number;
  readonly body: ClosedLease | BookedUsage | BookedAdjustment | AddedTopUp;
}

export interface ClosedLease {
  readonly kind: 'lease';
  readonly lease: StoredLease;
  readonly status: Exclude<LeaseStatus, 'LIVE'>;
  /** No more than this is still presumed of it: its day has the last word. */
  readonly presumed: number;
  /** Under which its day keeps what is presumed of it; absent if that was nothing, and in receipts of format 1. */
  readonly presumedKey?: string;
  readonly closedAt: number;
  /** Until then a release frees what is still presumed. */
  readonly settleUntil: number;
  /** The answer of the release that settled it, and the content that a repeat must share. */
  readonly release?: ReleaseAnswer;
  /** The same of a release that left what was not reported presumed: a later one may settle it. */
  readonly presuming?: ReleaseAnswer;
}

export interface ReleaseAnswer {
  /** Empty for a release without usage. */
  readonly fingerprint: string;
  /** Of the usage, empty if it had none; absent in a release without usage, and in receipts of format 1, which do not say. */
  readonly usageId?: string;
  /** Absent: what was not reported is free. */
  readonly unreported?: Unreported;
  readonly usedTokens: number;
  readonly freedTokens: number;
  readonly overrunTokens: number;
}

export interface BookedUsage {
  readonly kind: 'usage';
  readonly fingerprint: string;
  readonly chargedTokens: number;
  readonly overrunTokens: number;
  readonly late: boolean;
  readonly fence?: number;
  readonly model: string;
  readonly requestType: string;
  readonly failed: boolean;
  /** Absent: one. */
  readonly calls?: number;
}

export interface BookedAdjustment {
  readonly kind: 'adjustment';
  readonly fingerprint: string;
  readonly day: string;
  readonly dayTotal: number;
  /** Presumed tokens that it took away, if any. */
  readonly presumedTokens?: number;
}

export interface AddedTopUp {
  readonly kind: 'top-up';
  /** As it was added. */
  readonly topUp: StoredTopUp;
}

/** A usage document: one budget's local day, whole, as absolute values. */
export interface UsageDay {
  readonly format: number;
  readonly budgetId: string;
  readonly epoch: number;
  /** `YYYY-MM-DD`. */
  readonly day: string;
  readonly start: number;
  readonly end: number;
  /** A write with a lower revision changes nothing. */
  readonly revision: number;
  readonly total: number;
  readonly presumed: number;
  readonly late: number;
  readonly hours: readonly HourTotal[];
  readonly ais: ReadonlyMap<string, number>;
  readonly models: ReadonlyMap<string, number>;
  /** Absent: none, as are those below, which are under the names above. */
  readonly calls?: number;
  readonly failedCalls?: number;
  readonly aiCalls?: ReadonlyMap<string, CallCount>;
  readonly modelCalls?: ReadonlyMap<string, CallCount>;
  /** What each AI used of each model, by both names: see `ledger/pairs.ts`. Absent in documents from before it was kept. */
  readonly pairs?: ReadonlyMap<string, StoredCount>;
  /** What is still presumed, by lease: see `presumed.ts`. Empty in documents of format 1. */
  readonly presumedBy: ReadonlyMap<string, StoredPresumed>;
  /** Of `total`, what came from top-ups; by AI and by model. Absent and empty in documents of days without any. */
  readonly topped?: number;
  readonly toppedAis: ReadonlyMap<string, number>;
  readonly toppedModels: ReadonlyMap<string, number>;
  /** What scopes have of names of many: see `scope-counts.ts`. */
  readonly parts: ReadonlyMap<string, number>;
  /** Whose calendar names it and its hours; absent in documents from before it was kept. */
  readonly zone?: string;
  /** What its amounts count; absent: tokens. */
  readonly unit?: string;
  /** A paced cap refused a request on it; absent in documents from before it was kept. */
  readonly refused?: boolean;
}

/** What a usage document has by name. Each store has maps in a form of its own. */
export type MapOfDay =
  | 'ais'
  | 'models'
  | 'aiCalls'
  | 'modelCalls'
  | 'pairs'
  | 'presumedBy'
  | 'parts'
  | 'toppedAis'
  | 'toppedModels';

/** The whole stored state of a budget. Keys are decoded. */
export interface StoredState {
  readonly head: StateHead;
  readonly sections: { readonly [S in Section]: ReadonlyMap<string, SectionValues[S]> };
}

/** What one commit changes. A key is in `puts` or in `drops`, not in both. */
export interface StatePatch {
  /** The new head, whole. */
  readonly head: StateHead;
  /** Sections to empty before `puts` apply; no `drops` name them. */
  readonly resets: readonly Section[];
  readonly puts: readonly SectionPut[];
  readonly drops: readonly SectionKey[];
}

export interface SectionKey {
  readonly section: Section;
  readonly key: string;
}

export interface SectionPut extends SectionKey {
  readonly value: SectionValues[Section];
}

/** An alert as the state keeps it: what holds, what was told, and how far sinks were told of it. */
export interface StoredAlert {
  readonly rule: string;
  readonly window: 'HOUR' | 'DAY' | 'MONTH';
  /** Of an hourly rule, the first of the hours that it goes on through. */
  readonly windowStart: number;
  /** Since when its condition holds, or has held last. */
  readonly raisedAt: number;
  /** Since when its condition does not hold; absent while it does. */
  readonly endedAt?: number;
  /** What was told: absent in events, and in states from before it was kept apart, which told of what holds. */
  readonly notice?: StoredNotice;
  /** Nobody was told of its notice yet: a silence withholds it. Between decisions of one commit: it is new. */
  readonly untold?: true;
  /** Absent: nobody has acknowledged it since it was raised last. */
  readonly acknowledged?: StoredAcknowledgement;
  /** As it was told; so are threshold and message. */
  readonly value: number;
  readonly threshold: number;
  readonly message: string;
  /** Of AI_SHARE, TEAM_SHARE and UNPRICED_MODEL. */
  readonly aiId?: string;
  readonly teamId?: string;
  readonly model?: string;
  /** What value and threshold count, but for percentages; absent: tokens. */
  readonly unit?: string;
  /** The zone of its budget, in which moments are told; absent: UTC, and in states from before it was kept. */
  readonly zone?: string;
  /** Of a budget that was deleted, and maybe created again since; absent in alerts of the budget that lives. */
  readonly epoch?: number;
  /** By sink, how far it was told; absent where no sink is to be told, and in states older than sinks. */
  readonly deliveries?: readonly StoredDelivery[];
}

export interface StoredAcknowledgement {
  readonly at: number;
  readonly reason: string;
  readonly principal?: string;
}

/** What was told of an alert. It outlives a condition that is away for a while: see `alerts/notices.ts`. */
export interface StoredNotice {
  /** Which one it is in its window, from 1: an alert can be raised again. */
  readonly number: number;
  readonly raisedAt: number;
  /** Absent while it stands. */
  readonly endedAt?: number;
  /** How bad it was, in thousandths of the steps of which each is told anew; absent if its rule has none. */
  readonly level?: number;
  /** The figure at its end, if its window went on. */
  readonly endValue?: number;
}

/** What a sink is told of an alert: first that it was raised, then that it ended. The newest of the two stands here. */
export type StoredDelivery = PendingDelivery | EndedDelivery;

interface DeliveryOf {
  /** The sink's name in the configuration. */
  readonly sink: string;
  readonly notice: 'RAISED' | 'ENDED';
  /** Tries that failed. */
  readonly failures: number;
  /** It has heard an earlier notice of this alert, and of no end since: it wants to hear that, whatever becomes of this one. */
  readonly heard?: true;
}

export interface PendingDelivery extends DeliveryOf {
  readonly status: 'PENDING';
  /** Since when it is to be delivered. */
  readonly since: number;
  /** The next try is not before. */
  readonly nextAt: number;
  /** The replica that sends it; until `heldUntil` the others leave it alone. */
  readonly copyId: string;
  readonly heldUntil: number;
}

export interface EndedDelivery extends DeliveryOf {
  readonly status: 'DELIVERED' | 'GAVE_UP';
}
