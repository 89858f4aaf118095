import type { BudgetEvent } from '../model/events.js';
import { LazyMap } from '../model/lazy-map.js';
import { CLOSED_AT_ONCE } from '../model/limits.js';
import { type Policy, type PolicyFields, policyInForce } from '../model/policy.js';
import {
  type ClosedDay,
  type MonthWindow,
  SECTIONS,
  type Section,
  type SectionKey,
  type SectionPut,
  type SectionValues,
  type Silences,
  STATE_FORMAT,
  type StateHead,
  type StatePatch,
  type StoredDay,
  type StoredDenialRate,
  type StoredLease,
  type StoredPastDay,
  type StoredPause,
  type StoredPolicy,
  type StoredSilences,
  type StoredState,
  type StoredTopUp,
} from '../model/state.js';
import type { Writable } from '../model/types.js';
import { type Allowance, allowanceOf } from '../policy/allowance.js';
import { ModelWeights } from '../policy/model-weights.js';
import { type LargestRequests, largestRequests } from '../policy/pacing.js';
import { daysLeft, monthAfter, monthOfDay } from '../time/calendar.js';
import type { Numbers } from '../time/tidy-mark.js';
import { type DayWindow, dayAt, hourAt, type Span } from '../time/windows.js';
import { Guarantees } from './guarantees.js';
import { LedgerTables } from './ledger-tables.js';
import { Pace } from './pace.js';
import { beginHour, movePolicy, regroup, regroupDay } from './scope-counts.js';
import { Scopes } from './scopes.js';
import { Slots } from './slots.js';
import type { Entry } from './table.js';
import { TopUps } from './top-up-table.js';

export const NO_MONTH: MonthWindow = { key: '', start: 0, end: 0 };

/**
 * One budget in memory: all that a decision needs. Decisions change it, and `takePatch` hands over what they changed for one
 * commit. When that commit is lost, the ledger is thrown away and loaded again.
 */
export class Ledger {
  readonly tables: LedgerTables;
  readonly slots = new Slots();
  readonly topUps: TopUps;
  epoch = 0;
  revision = 0;
  fence = 0;
  clock = 0;
  deleted = false;
  createdAt = 0;
  zone = 'UTC';
  private monthWindow = NO_MONTH;
  lastOpenedDay = '';
  receiptsDroppedAt = 0;
  daysDroppedAt = 0;
  wakeAt: number | undefined;
  closedDay: ClosedDay | undefined;
  learnedFor: string | undefined;
  above: Numbers | undefined;
  /** Of operators, in all lives of the budget: the number of the newest record. */
  changeCount = 0;
  /** This much has surely passed: see `agedTo`. */
  passed = Number.POSITIVE_INFINITY;

  policyFields: PolicyFields = {};
  policyRevision = 0;
  policy: Policy = policyInForce({});
  allowance: Allowance = allowanceOf(this.policy);
  largest: LargestRequests = largestRequests(this.policy);
  weights = new ModelWeights(this.policy);
  /** Teams and limits of models; undefined while the policy has none, which then cost nothing. */
  scopes: Scopes | undefined;
  guarantees: Guarantees | undefined;
  pause: StoredPause | undefined;
  /** What sinks are not to be told of. */
  silences: Silences = {};
  denialRate: StoredDenialRate | undefined;

  /** The hour and the day of the last decision. */
  hour: Span = { start: 0, end: 0 };
  today: DayWindow = { day: '', start: 0, end: 0 };
  /** Days of the month from today on, it included. */
  daysLeft = 0;
  /** What pacing needs of all this, made once an hour. */
  readonly pace = new Pace(this);
  private todayEntry: Entry<StoredDay> | undefined;
  /** Days whose usage document is known to be written, with its revision. */
  readonly writtenDays = new LazyMap<string, number>();
  /** Rises whenever something may have become possible that was denied before; waiters are tried again. */
  loosened = 0;
  /** So many more leases may the next commit close for the time that has passed: `closing.ts`. */
  closings = CLOSED_AT_ONCE;
  /** So many that are due are left alone, since the store refuses one of them. */
  passedOver = 0;
  /** What happened since the last commit; it is told to others when the commit has won. */
  private events: BudgetEvent[] = [];
  private headChanged = false;
  /** The hour that alerts were last settled for. */
  alertsCheckedFor = Number.NaN;

  private constructor(
    readonly budgetId: string,
    stored?: StoredState,
  ) {
    this.tables = new LedgerTables(stored?.sections);
    this.topUps = new TopUps(this.tables.topUps);
    if (stored !== undefined) this.read(stored.head);
  }

  static of(budgetId: string, stored: StoredState | undefined): Ledger {
    return new Ledger(budgetId, stored);
  }

  private read(head: StateHead): void {
    refuseNewer(this.budgetId, head);
    // A state that does not say when a day last left it may have dropped one just now.
    const { format: _, wakeAt, closedDay, learnedFor, daysDroppedAt = head.revision, ...fields } = head;
    Object.assign(this, fields);
    this.daysDroppedAt = daysDroppedAt;
    this.wakeAt = wakeAt;
    this.closedDay = closedDay;
    this.learnedFor = learnedFor;
    const policy = this.tables.settings.get('policy') as StoredPolicy | undefined;
    if (policy !== undefined) this.usePolicy(policy.fields, policy.revision);
    this.pause = this.tables.settings.get('pause') as StoredPause | undefined;
    this.silences = (this.tables.settings.get('silences') as StoredSilences | undefined)?.byRule ?? {};
    this.denialRate = this.tables.settings.get('denialRate') as StoredDenialRate | undefined;
    for (const lease of this.tables.leases.values()) this.slots.replace(undefined, lease);
    // What a deletion left behind.
    if (this.deleted) this.slots.retireAll(this.policy.onExpiry === 'CHARGE');
    if (!this.exists) return;
    this.findWindows(this.clock);
    regroup(this);
  }

  /**
   * For a budget that is absent, and may have been before: if it is created, epoch, fence and revision are above these. Whoever
   * forgets a budget raises them first, so they are to be read after it was found to be absent.
   */
  beginAbove(numbers: Numbers | undefined): void {
    this.above = numbers;
  }

  /** There is such a budget, and it is not deleted. */
  get exists(): boolean {
    return this.epoch > 0 && !this.deleted;
  }

  /** By this, and no further, receipts and request ids have aged: a clock that is ahead must not make an id free that was just used. */
  get agedTo(): number {
    return Math.min(this.clock, this.passed);
  }

  /** The revision of the commit that is being gathered. */
  get nextRevision(): number {
    return this.revision + 1;
  }

  usePolicy(fields: PolicyFields, revision: number): void {
    this.policyFields = fields;
    this.policyRevision = revision;
    this.policy = policyInForce(fields);
    this.allow();
    this.weights = new ModelWeights(this.policy);
    this.scopes = Scopes.of(this.policy);
    this.slots.useScopes(this.scopes);
    this.guarantees = Guarantees.of(this.policy, this.scopes);
    this.loosened += 1;
  }

  /** The present month. */
  get month(): MonthWindow {
    return this.monthWindow;
  }

  set month(month: MonthWindow) {
    this.monthWindow = month;
    this.allow();
  }

  /** What the policy allows, and top-ups beside it. */
  private allow(): void {
    const { policy, topUps } = this;
    this.allowance = this.allowanceIn(this.month.key);
    // No denial names a later time.
    const next = this.month.key === '' ? 0 : topUps.largerBy(monthAfter(this.month.key));
    this.largest = largestRequests(policy, Math.max(topUps.largerBy(this.month.key), next));
    this.pace.forgetCaps();
  }

  /** By what is known of it now; `more`: what it will be larger by. */
  allowanceIn(month: string, more = 0): Allowance {
    return allowanceOf(this.policy, this.topUps.largerBy(month) + more);
  }

  /** Puts in the present form of a top-up; undefined takes it out. */
  setTopUp(topUpId: string, topUp: StoredTopUp | undefined): void {
    this.topUps.put(topUpId, topUp);
    this.allow();
    this.loosened += 1;
  }

  setPolicy(fields: PolicyFields): void {
    const { scopes } = this;
    // It is the etag: two policies that one commit carries must not share it.
    const revision = Math.max(this.nextRevision, this.policyRevision + 1);
    this.usePolicy(fields, revision);
    this.tables.settings.set('policy', { fields, revision });
    movePolicy(this, scopes);
  }

  setPause(pause: StoredPause | undefined): void {
    this.pause = pause;
    if (pause === undefined) this.tables.settings.delete('pause');
    else this.tables.settings.set('pause', pause);
    this.loosened += 1;
  }

  setDenialRate(rate: StoredDenialRate | undefined): void {
    this.denialRate = rate;
    if (rate === undefined) this.tables.settings.delete('denialRate');
    else this.tables.settings.set('denialRate', rate);
  }

  setSilences(silences: Silences): void {
    this.silences = silences;
    if (Object.keys(silences).length === 0) this.tables.settings.delete('silences');
    else this.tables.settings.set('silences', { byRule: silences });
  }

  /** Puts in the present form of a live lease; undefined ends it. */
  setLease(fence: number, lease: StoredLease | undefined): void {
    const key = String(fence);
    if (lease === undefined) this.tables.leases.delete(key);
    else this.tables.leases.set(key, lease);
    const before = this.slots.lease(fence);
    this.slots.replace(before, lease);
    if (lease !== undefined) return;
    // It may have been the last of a top-up that has ended.
    if ((before ?? this.slots.overLease(fence))?.topUpId !== undefined) this.topUps.lookAt = 0;
    this.slots.removeOver(fence);
    this.loosened += 1;
  }

  lease(fence: number): StoredLease | undefined {
    return this.slots.lease(fence);
  }

  /** The team that an AI is in. */
  teamIdOf(aiId: string): string | undefined {
    return this.scopes?.teamOf(aiId)?.id;
  }

  /** The hour and the day of a moment in the present month are those of now. */
  moveTo(now: number): void {
    const { today } = this;
    this.findWindows(now);
    if (this.scopes === undefined) return;
    beginHour(this);
    if (this.today !== today) regroupDay(this);
  }

  private findWindows(now: number): void {
    if (now < this.hour.start || now >= this.hour.end) {
      this.hour = hourAt(this.zone, now, this.month);
      this.pace.forgetCaps();
      this.loosened += 1;
    }
    if (now < this.today.start || now >= this.today.end || monthOfDay(this.today.day) !== this.month.key) {
      this.today = dayAt(this.zone, this.month, now);
      this.pace.forget();
      this.daysLeft = daysLeft(this.month, this.today.day);
    }
  }

  /** Puts in what a closed day came to; undefined: it is too long ago. */
  setPastDay(day: string, past: StoredPastDay | undefined): void {
    if (past === undefined) this.tables.pastDays.delete(day);
    else this.tables.pastDays.set(day, past);
    this.pace.forget();
    this.loosened += 1;
  }

  /** What today counts; undefined while it is not in the state. Asked for many times in a decision. */
  get todayTotals(): StoredDay | undefined {
    if (this.todayEntry?.value === undefined || this.todayEntry.key !== this.today.day)
      this.todayEntry = this.tables.days.entry(this.today.day);
    return this.todayEntry?.value;
  }

  note(event: BudgetEvent): void {
    this.events.push(event);
  }

  /** What was noted since `takeEvents`. */
  get untold(): readonly BudgetEvent[] {
    return this.events;
  }

  takeEvents(): readonly BudgetEvent[] {
    const taken = this.events;
    if (taken.length > 0) this.events = [];
    return taken;
  }

  /** Whether a commit has anything to carry. */
  get touched(): boolean {
    return this.headChanged || this.tables.touched;
  }

  /** Something in the head changed that a commit must carry even if no entry did. */
  touchHead(): void {
    this.headChanged = true;
  }

  /**
   * What changed since the last commit, as the next one, after which somebody must look at it at `wakeAt`. From then on the
   * ledger stands for the state after that commit: it must be thrown away if the commit is lost.
   */
  takePatch(wakeAt: number | undefined): StatePatch {
    this.headChanged = false;
    this.wakeAt = wakeAt;
    this.revision += 1;
    const resets: Section[] = [];
    const puts: SectionPut[] = [];
    const drops: SectionKey[] = [];
    let section: Section = 'settings';
    const take = (key: string, value: SectionValues[Section] | undefined) => {
      if (value === undefined) drops.push({ section, key });
      else puts.push({ section, key, value });
    };
    for (const [at, table] of this.tables.all.entries()) {
      if (!table.touched) continue;
      section = SECTIONS[at] as Section;
      if (table.takeChanges(take).reset) resets.push(section);
    }
    this.tables.handedOver();
    this.closings = CLOSED_AT_ONCE;
    return { head: this.head(), resets, puts, drops };
  }

  /** Made with every commit: spreads would make it many times dearer. */
  private head(): StateHead {
    const { epoch, revision, fence, clock, deleted, createdAt, zone, month } = this;
    const { lastOpenedDay, receiptsDroppedAt, daysDroppedAt, wakeAt, closedDay, learnedFor } = this;
    const head: Writable<StateHead> = {
      format: STATE_FORMAT,
      epoch,
      revision,
      fence,
      clock,
      deleted,
      createdAt,
      zone,
      month,
      lastOpenedDay,
      receiptsDroppedAt,
      daysDroppedAt,
    };
    if (wakeAt !== undefined) head.wakeAt = wakeAt;
    if (closedDay !== undefined) head.closedDay = closedDay;
    if (learnedFor !== undefined) head.learnedFor = learnedFor;
    if (this.changeCount > 0) head.changeCount = this.changeCount;
    return head;
  }
}

/** Of a state, or of a usage document: what a newer version wrote may mean what this one does not know. */
export function refuseNewer(budgetId: string, { format }: { readonly format: number }): void {
  if (format > STATE_FORMAT) throw new NewerFormatError(budgetId, format);
}

/** The state was written by a newer version of the service, which may know rules that this one would break. */
export class NewerFormatError extends Error {
  override readonly name = 'NewerFormatError';
  constructor(budgetId: string, format: number) {
    super(
      `the state of budget ${budgetId} has format ${format}; this version knows up to ${STATE_FORMAT}: upgrade it`,
    );
  }
}
