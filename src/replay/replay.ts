import { Pending } from '../arbiter/pending.js';
import { LedgerProspect } from '../arbiter/prospect.js';
import type { Caller } from '../arbiter/service-port.js';
import { WaitingList, waitLeft } from '../arbiter/waiting-list.js';
import { timeAloneUntil } from '../domain/admission/time-alone.js';
import type { KnownDay } from '../domain/ledger/past-days.js';
import { inWindow } from '../domain/ledger/topped.js';
import type { OutcomeOf } from '../domain/model/outcomes.js';
import { type PolicyFields, policyInForce } from '../domain/model/policy.js';
import type { AcquireRequest, BudgetRequest, LeaseRef, PutPolicyRequest } from '../domain/model/requests.js';
import type { UsageDay } from '../domain/model/state.js';
import type { Denial, LeaseView, UsageReport, Writable } from '../domain/model/types.js';
import { monthOfDay } from '../domain/time/calendar.js';
import { dayWindow, monthAt } from '../domain/time/windows.js';
import { EventHeap } from './event-heap.js';
import { Tallies } from './tallies.js';
import { type AskedSlot, MICROS_PER_MS, MICROS_PER_SECOND, millisOf, type TraceEntry } from './trace.js';
import { VirtualBudget } from './virtual-budget.js';
import { WaitTimes } from './wait-times.js';

/** As `put-policy` takes it: without a mask the whole policy is replaced. */
export type PolicyChange = Pick<PutPolicyRequest, 'fields' | 'updateMask'>;

export interface ReplayOptions {
  readonly budgetId: string;
  /** In force from the start, until the trace says another. */
  readonly fields: PolicyFields;
  /** What is changed of any policy that the trace has. */
  readonly change?: PolicyChange;
  /** How much of what is refused is asked again an hour later, 0 to 1. */
  readonly returns?: number;
  /** What was used before, earliest first: it counts in the month, and is what the budget goes by. */
  readonly before?: readonly KnownDay[];
  /** Told of each request, in the order in which they are settled. */
  readonly settled?: (asked: AskedSlot, outcome: 'granted' | 'denied') => void;
}

/** A slot that is held, and what it spends. */
interface Held {
  readonly kind: 'end';
  readonly at: number;
  readonly lease: LeaseRef;
  readonly model: string;
  readonly tokens: number;
}

/** A request under way, from its first asking, however often it comes again. */
interface Asking {
  readonly kind: 'ask';
  readonly at: number;
  readonly asked: AskedSlot;
  readonly firstAt: number;
  /** The last day on which it was asked. */
  readonly day?: string;
}

const COME_BACK_MICROS = 3_600 * MICROS_PER_SECOND;
/** Whoever works longer than its lease may be renewed for is late, as in life. */
const SPARE_MS = 1_000;
const CALLER: Caller = { gone: false, onGone: () => {} };

/** What a policy would have done with what a trace asks for: real decisions, at the trace's own moments. */
export class Replay {
  readonly tallies = new Tallies();
  readonly waits = new WaitTimes();
  /** By day: tokens that were asked for, each request once a day. */
  readonly demand = new Map<string, number>();
  /** By month: the first day on which the month itself refused. */
  readonly dry = new Map<string, string>();
  /** When the first entry was, and the last. */
  firstAt: number | undefined;
  lastAt = 0;
  private readonly events = new EventHeap<Held | Asking>();
  private readonly waiters = new WaitingList();
  private readonly waiting = new Map<Pending, Asking>();
  private readonly prospect: LedgerProspect;
  private requests = 0;
  /** Returns owed, in hundredths of a request or less. */
  private owed = 0;
  private now = 0;
  /** The moment of the last decision; each has one of its own, as in a recording. */
  private decidedAt = 0;

  private constructor(
    private readonly budget: VirtualBudget,
    private readonly options: ReplayOptions,
  ) {
    this.prospect = new LedgerProspect(budget.ledger);
  }

  /** At the moment `at`. Throws where the policy cannot be set. */
  static async begin(options: ReplayOptions, at: number): Promise<Replay> {
    const { budgetId, fields, before = [] } = options;
    const budget = await VirtualBudget.open(budgetId);
    const replay = new Replay(budget, options);
    const inMonth = usedInMonth(before, policyInForce(fields).timeZone, millisOf(at));
    replay.now = Math.min(at, (inMonth[0]?.start ?? Number.POSITIVE_INFINITY) * MICROS_PER_MS);
    await replay.setPolicy(fields);
    for (const { start, tokens } of inMonth) {
      const about = { adjustmentId: `before ${start}`, reason: 'before', fingerprint: '' };
      await budget.decide({ kind: 'adjust', tokens, ...about }, start);
    }
    replay.now = at;
    if (before.length > 0) await budget.learn(before, millisOf(at));
    return replay;
  }

  get zone(): string {
    return this.budget.ledger.zone;
  }

  get policy(): PolicyFields {
    return this.budget.ledger.policyFields;
  }

  /** What the enforced limit leaves to be granted in a month. */
  get grantable(): number {
    return this.budget.ledger.allowance.grantable;
  }

  /** The next entry; what was to happen before it happens first. */
  async take(entry: TraceEntry): Promise<void> {
    if (this.nextAt <= entry.at) await this.runTo(entry.at);
    this.now = entry.at;
    this.firstAt ??= entry.at;
    this.lastAt = entry.at;
    if (entry.kind === 'policy') await this.setPolicy(entry.fields);
    else if (entry.kind === 'unleased') await this.spend(entry);
    else await this.ask({ kind: 'ask', at: entry.at, asked: entry, firstAt: entry.at });
    if (this.waiters.size > 0) await this.serveWaiters();
  }

  /** The trace is over: slots are given back, and what comes again comes again while its month lasts. */
  async end(): Promise<readonly UsageDay[]> {
    const { end } = this.budget.ledger.month;
    await this.runTo(Math.max(end * MICROS_PER_MS, this.lastAt + MICROS_PER_SECOND) - 1);
    return this.budget.days();
  }

  /** When something is to happen next. */
  private get nextAt(): number {
    return Math.min(this.nextWaiterAt(), this.events.nextAt);
  }

  private async runTo(at: number): Promise<void> {
    for (;;) {
      const waiterAt = this.nextWaiterAt();
      const next = Math.min(waiterAt, this.events.nextAt);
      if (next > at) return;
      this.now = Math.max(this.now, next);
      const event = this.events.nextAt <= waiterAt ? this.events.take() : undefined;
      if (event?.kind === 'end') await this.giveBack(event);
      else if (event !== undefined) await this.ask(event);
      if (this.waiters.size > 0) await this.serveWaiters();
    }
  }

  private async setPolicy(fields: PolicyFields): Promise<void> {
    const { budget, options } = this;
    const time = millisOf(this.now);
    const put = await budget.decide({ kind: 'put-policy', fields }, time);
    const { change } = options;
    const changed =
      put.kind !== 'refused' && change !== undefined
        ? await budget.decide({ kind: 'put-policy', ...change }, time)
        : put;
    this.passMoment();
    if (changed.kind === 'refused') throw new UnworkablePolicy(changed);
  }

  private async spend({ aiId, model, tokens }: Extract<TraceEntry, { kind: 'unleased' }>): Promise<void> {
    this.requests += 1;
    const usage = { ...report(tokens, model), usageId: `u${this.requests}` };
    await this.decide({ kind: 'record-unleased', aiId, usage });
    this.passMoment();
    this.countDemand(tokens);
  }

  private async ask(asking: Asking): Promise<void> {
    const { asked, firstAt } = asking;
    // Waiters are tried first: a newcomer does not overtake one that could be admitted.
    if (this.waiters.size > 0) await this.serveWaiters();
    this.requests += 1;
    const request = requestOf(asked, `r${this.requests}`);
    const outcome = await this.decide(request);
    this.passMoment();
    if (asking.at === firstAt) this.tallies.ask(asked.aiId, tokensOf(asked));
    // What comes back on another day is wanted then, too.
    if (asking.day !== this.budget.ledger.today.day) this.countDemand(tokensOf(asked));
    const pending = new Pending(request, CALLER, this.nowMs, NOBODY_HEARS, asked.waitMs);
    this.answer(pending, asking, outcome);
  }

  private countDemand(tokens: number): void {
    const { day } = this.budget.ledger.today;
    this.demand.set(day, (this.demand.get(day) ?? 0) + tokens);
  }

  private answer(pending: Pending, asking: Asking, outcome: OutcomeOf['acquire']): void {
    const { asked } = asking;
    if (outcome.kind === 'denied' && this.staysFor(pending, outcome.denial)) {
      this.waiters.put(pending, outcome.denial);
      this.waiting.set(pending, asking);
      return;
    }
    this.waiters.remove(pending);
    this.waiting.delete(pending);
    if (outcome.kind === 'granted') this.hold(asking, outcome.lease);
    else if (outcome.kind === 'denied') this.deny(asking, outcome.denial);
    else {
      const { reason } = outcome.refusal;
      this.tallies.refuse(asked.aiId, tokensOf(asked), this.nowMs, [reason], reason);
    }
    const isFirst = asking.at === asking.firstAt;
    if (isFirst) this.options.settled?.(asked, outcome.kind === 'granted' ? 'granted' : 'denied');
  }

  private deny(asking: Asking, denial: Denial): void {
    const { asked } = asking;
    this.tallies.deny(asked.aiId, tokensOf(asked), denial, this.nowMs);
    this.noteDry(denial);
    if (denial.permanent || !this.comesBack()) return;
    const { day } = this.budget.ledger.today;
    this.events.put({ ...asking, day, at: this.now + COME_BACK_MICROS });
  }

  /** As the service keeps a request that would wait: unless time alone, and more of it than it has, would help. */
  private staysFor(pending: Pending, denial: Denial): boolean {
    const left = waitLeft(pending, this.nowMs);
    if (left <= 0 || denial.permanent) return false;
    const { ledger } = this.budget;
    const until = timeAloneUntil(ledger, (pending.request as AcquireRequest).aiId, denial);
    return until === undefined || until - ledger.clock <= left;
  }

  private hold({ asked, firstAt }: Asking, lease: LeaseView): void {
    const { reservedTokens: reserved } = lease;
    const asksLess = asked.atLeast !== undefined && reserved < (asked.estimate ?? 0);
    const tokens = asksLess ? Math.min(tokensOf(asked), reserved) : (asked.tokens ?? reserved);
    this.tallies.grant(asked.aiId, tokens);
    this.waits.note(millisOf(this.now) - millisOf(firstAt));
    const { leaseId, fence } = lease;
    const ref = { leaseId, fence, budgetId: this.budget.budgetId, epoch: this.budget.ledger.epoch };
    this.events.put({
      kind: 'end',
      at: this.decidedAt + asked.took,
      lease: ref,
      model: asked.usedModel ?? asked.model,
      tokens,
    });
  }

  private async giveBack({ lease, model, tokens }: Held): Promise<void> {
    const { policy } = this.budget.ledger;
    // A report above the bound is one that nobody could make.
    const most = policy.maxReportTokens || policy.monthlyLimit;
    const usage = report(Math.min(tokens, most), model);
    await this.decide({ kind: 'release', lease, usage });
    this.passMoment();
  }

  private async serveWaiters(): Promise<void> {
    await this.decide({ kind: 'sweep' });
    for (const pending of this.waiters.turn(this.prospect, this.nowMs)) {
      const asking = this.waiting.get(pending);
      if (asking === undefined) continue;
      const outcome = await this.decide(pending.request as AcquireRequest);
      if (outcome.kind === 'granted') this.passMoment();
      this.answer(pending, asking, outcome);
    }
  }

  /** What happens moves the turns of those who wait. */
  private async decide<R extends BudgetRequest>(request: R): Promise<OutcomeOf[R['kind']]> {
    const { budget, waiters, prospect } = this;
    const outcome = await budget.decide(request, this.nowMs);
    for (const event of budget.ledger.takeEvents()) waiters.happened(event, prospect);
    waiters.turns.keep();
    return outcome;
  }

  private nextWaiterAt(): number {
    if (this.waiters.size === 0) return Number.POSITIVE_INFINITY;
    const { at = Number.POSITIVE_INFINITY, answerAt = Number.POSITIVE_INFINITY } = this.waiters.nextTurn();
    const next = Math.min(at, answerAt) * MICROS_PER_MS;
    // What was due and changed nothing is not tried twice at one moment.
    return next > this.now ? next : (this.nowMs + 1) * MICROS_PER_MS;
  }

  private noteDry({ blockers }: Denial): void {
    const isDry = blockers.some(({ rule }) => rule === 'MONTHLY_CAP' || rule === 'EMERGENCY');
    const { month, today } = this.budget.ledger;
    if (isDry && !this.dry.has(month.key)) this.dry.set(month.key, today.day);
  }

  /** The share of refusals that comes back, spread evenly over them. */
  private comesBack(): boolean {
    this.owed += this.options.returns ?? 0;
    if (this.owed < 1) return false;
    this.owed -= 1;
    return true;
  }

  private passMoment(): void {
    this.decidedAt = Math.max(this.now, this.decidedAt + 1);
  }

  private get nowMs(): number {
    return millisOf(this.now);
  }
}

/** The policy cannot be set: the refusal says why. */
export class UnworkablePolicy extends Error {
  override readonly name = 'UnworkablePolicy';
  constructor({ refusal }: Extract<OutcomeOf['put-policy'], { kind: 'refused' }>) {
    const violations = 'violations' in refusal ? refusal.violations : [];
    const told = violations.map(({ field, description }) => `${field}: ${description}`);
    super(told.length > 0 ? told.join('; ') : refusal.reason);
  }
}

/** What of it counts in the month of this moment. */
function usedInMonth(before: readonly KnownDay[], zone: string, at: number) {
  const month = monthAt(zone, at);
  return before
    .filter((day) => monthOfDay(day.day) === month.key && inWindow(day) > 0)
    .map((day) => ({ start: dayWindow(zone, month, day.day).start, tokens: inWindow(day) }));
}

const NOBODY_HEARS = { resolve: () => {}, reject: () => {} };

function requestOf({ aiId, model, estimate, atLeast, took }: AskedSlot, requestId: string): AcquireRequest {
  const leaseTtlMs = millisOf(took) + SPARE_MS;
  const made = { requestIdMade: true, fingerprint: '', nonce: 'replay', leaseTtlMs };
  const request: Writable<AcquireRequest> = { kind: 'acquire', aiId, requestId, ...made };
  if (model !== '') request.model = model;
  if (estimate !== undefined) request.estimatedTokens = estimate;
  if (atLeast !== undefined) request.atLeastTokens = atLeast;
  return request;
}

/** What a request came to, or would have. */
function tokensOf({ tokens, estimate }: AskedSlot): number {
  return tokens ?? estimate ?? 0;
}

/** Traces say what was charged: one figure, not by kind. */
function report(tokens: number, model: string): UsageReport {
  const counts = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0, total: tokens };
  return { tokens: counts, model, requestType: '', failed: false, errorMessage: '', fingerprint: '' };
}
