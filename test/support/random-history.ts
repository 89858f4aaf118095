import { expect } from 'vitest';
import { parseLeaseId } from '../../src/domain/model/lease-id.js';
import type { Granted, Outcome } from '../../src/domain/model/outcomes.js';
import type { PolicyFields } from '../../src/domain/model/policy.js';
import type { AcquireRequest, LeaseRef } from '../../src/domain/model/requests.js';
import type { UsageReport } from '../../src/domain/model/types.js';
import {
  CallBooks,
  expectBooksBalance,
  expectGrantWithinCaps,
  expectOneUnit,
  expectReloadsTheSame,
  expectWeighed,
  figuresOf,
} from './book-keeping.js';
import { TestBudget } from './budget.js';
import { Chance } from './chance.js';
import { expectComesBack } from './coming-back.js';
import { PresumedBooks } from './presumed-books.js';
import { usage } from './requests.js';
import { forgottenModels, HourBooks, wrongScopes } from './scope-books.js';
import { largerMonth, overCaps } from './top-ups.js';
import { type Counted, ToppedBooks } from './topped-books.js';

/** None, one that fits some models, and one that fits all beside one that fits better. */
const WEIGHTS: readonly NonNullable<PolicyFields['tokenWeightsByModel']>[] = [
  [],
  [['m*', { total: 50 }]],
  [
    ['*', { total: 120.5 }],
    ['m', { total: 80 }],
  ],
];

const HOUR_MS = 3_600_000;
const WEEK_MS = 7 * 24 * HOUR_MS;

/** The ends of months, leap day, and the days on which clocks are changed. */
const STARTS = [
  '2026-11-29T20:00:00Z',
  '2026-10-24T20:00:00Z',
  '2028-02-28T22:00:00Z',
  '2026-03-28T20:00:00Z',
  '2026-10-03T10:00:00Z',
];

/** A random history of one budget. It keeps its own books beside, and compares after every step. */
export class RandomHistory extends Chance {
  readonly budget: TestBudget;
  private readonly leases: LeaseRef[] = [];
  private readonly asked: AcquireRequest[] = [];
  private readonly answers = new Map<string, string>();
  private readonly booked = new Map<string, number>();
  private readonly used = new Map<string, number>();
  private readonly dayOf = new Map<string, string>();
  private readonly presumed: PresumedBooks;
  private readonly topped: ToppedBooks;
  private readonly hour = new HourBooks();
  private regrouped: string | undefined;
  private readonly calls = new CallBooks();
  /** Releases whose report was booked. */
  private readonly reported = new Set<string>();
  /** All that was ever charged or adjusted. */
  private spent = 0;
  private made = 0;
  private policies = 0;
  private fence = 0;
  /** Then hours and days to come may have been spent in. */
  private wasReset = false;
  private revision = 1;

  /** `apart`: the days have room to keep every lease apart. */
  constructor(
    random: () => number,
    private readonly apart = true,
  ) {
    super(random);
    this.budget = new TestBudget(this.policy(), this.pick(STARTS));
    this.presumed = new PresumedBooks(this.budget, apart);
    this.topped = new ToppedBooks(this.budget);
    this.budget.onCommit = (patch) => this.hour.see(this.budget.storedState(), patch, this.budget.state);
  }

  private policy(): PolicyFields {
    return {
      monthlyLimit: this.pick([40_000, 100_000]),
      maxDailyPercent: 15,
      maxHourlyPercent: this.pick([1.5, 6]),
      pacing: this.pick(['NONE', 'FLOOR', 'EVEN'] as const),
      onExpiry: this.pick(['CHARGE', 'REFUND'] as const),
      mode: this.pick(['ENFORCE', 'ENFORCE', 'ENFORCE', 'OBSERVE'] as const),
      cooldownMs: this.pick([0, 30_000]),
      maxConcurrent: this.pick([1, 2, 5]),
      maxConcurrentPerAi: this.pick([1, 3]),
      maxDailyPercentPerAi: this.pick([100, 40]),
      lateReportGraceMs: this.pick([0, HOUR_MS]),
      rolloverMaxPercent: this.pick([0, 5]),
      timeZone: this.pick(['UTC', 'Europe/Berlin', 'Australia/Lord_Howe', 'America/Los_Angeles']),
      ...(this.random() < 0.3 ? { tokenWeights: { total: 33.3 } } : {}),
      ...this.charging(),
      ...this.scopes(),
    };
  }

  private charging(): PolicyFields {
    const turn = this.policies++;
    const unit = turn % 4 === 0 ? 'USD' : 'tokens';
    return { unit, minReservation: 100, tokenWeightsByModel: WEIGHTS[turn % WEIGHTS.length] ?? [] };
  }

  /** AIs move between teams, and models between patterns, whenever the policy changes. */
  private scopes(): PolicyFields {
    const percent = () => this.pick([100, 100, 60, 25]);
    const limits = () => ({
      maxHourlyPercent: percent(),
      maxDailyPercent: percent(),
      maxMonthlyPercent: this.pick([100, 30, 10]),
      maxConcurrent: this.pick([0, 0, 1, 2]),
    });
    const teams = this.pick([
      [],
      [['left', ['a', 'b']] as const],
      [['left', ['a*']] as const, ['right', ['*']] as const],
      [['left', ['b', 'c']] as const, ['right', ['d*', 'a']] as const],
    ]);
    const models = this.pick([[], ['m*'], ['*', 'm-*'], ['m-dear', '(un*']]);
    return {
      teams: teams.map(([teamId, aiIds]) => [teamId, { aiIds, ...limits() }]),
      models: models.map((pattern) => [pattern, limits()]),
    };
  }

  step(): void {
    const { budget } = this;
    budget.pass(this.pick([0, 0, 1_000, 20_000, 130_000, HOUR_MS, 7 * HOUR_MS]));
    const kind = this.below(26);
    if (kind < 7) this.acquire();
    else if (kind < 11) this.record();
    else if (kind < 14) this.release();
    else if (kind === 14) this.renew();
    else if (kind < 17) this.hear(budget.writeOut());
    else if (kind === 17) budget.reload();
    else if (kind === 18) this.operate();
    else if (kind === 19) this.adjust();
    else if (kind === 20) this.repeat();
    else if (kind > 23) this.topUp();
    else if (kind === 21) this.random() < 0.1 ? this.resetClock() : this.undo();
    else this.unleased();
    this.check();
  }

  private do(request: Parameters<TestBudget['do']>[0]): Outcome {
    const outcome = this.budget.do(request) as Outcome;
    this.hear(this.budget);
    return outcome;
  }

  private hear({ events }: TestBudget): void {
    for (const event of events) {
      if ('lease' in event) this.topped.see(event.lease);
      const ended = event.kind === 'expired' || event.kind === 'revoked' || event.kind === 'released';
      if (ended && (event.kind !== 'released' || event.lease.presumedTokens > 0))
        this.presumed.ended(event.lease, this.dayOf.get(event.lease.leaseId) ?? '');
    }
  }

  private acquire(): void {
    const estimatedTokens = this.random() < 0.6 ? 1 + this.below(900) : undefined;
    const estimate = estimatedTokens === undefined ? {} : { estimatedTokens };
    const [aiId, requestId] = [this.pick(['a', 'b', 'c', 'd']), `r${this.below(40)}`];
    const named = this.pick([undefined, 'm', 'm-dear']);
    const model = named === undefined ? {} : { model: named };
    const enough = this.random() < 0.3 ? { atLeastTokens: 1 + this.below(estimatedTokens ?? 300) } : {};
    const made = { requestIdMade: false, fingerprint: 'f', nonce: `n${++this.made}` };
    const rest = { ...made, ...estimate, ...enough, ...model };
    this.ask({ kind: 'acquire', aiId, requestId, ...rest });
  }

  private ask(request: AcquireRequest): void {
    const outcome = this.do(request);
    if (outcome.kind === 'denied' && !this.wasReset && this.random() < 0.3)
      expectComesBack(this.budget, request, outcome.denial);
    if (outcome.kind !== 'granted') return;
    const { leaseId, fence, reservedTokens } = outcome.lease;
    if (this.random() < 0.2) expectLeft(this.budget, request, outcome);
    if (outcome.replayed) {
      expect(this.leases.map((lease) => lease.leaseId)).toContain(leaseId);
      return;
    }
    expect(fence, 'fences rise').toBeGreaterThan(this.fence);
    expect(reservedTokens).toBeGreaterThanOrEqual(request.atLeastTokens ?? request.estimatedTokens ?? 1);
    this.fence = fence;
    const lease = parseLeaseId(leaseId);
    if (lease !== undefined) this.leases.push(lease);
    this.dayOf.set(leaseId, this.budget.state.today.day);
    this.asked.push(request);
    if (outcome.lease.topUpId !== undefined) this.topped.granted(outcome.lease);
    else if (this.budget.state.policy.mode === 'ENFORCE')
      expectGrantWithinCaps(this.budget.state, request.aiId);
  }

  /** One is added, or one is ended under the leases that were granted from it. */
  private topUp(): void {
    const { budget } = this;
    const known = [...budget.state.tables.topUps.keys()];
    if (known.length > 0 && this.random() < 0.4) {
      this.do({ kind: 'end-top-up', topUpId: this.pick(known), reason: '' });
      return;
    }
    const tokens = 1 + this.below(this.pick([300, 3_000]));
    const aiId = this.pick([undefined, undefined, 'a', 'b']);
    const expiresAt = budget.now + this.pick([130_000, 7 * HOUR_MS, 90 * HOUR_MS]);
    const id = `t${++this.made}`;
    const request =
      this.random() < 0.85
        ? overCaps(id, tokens, expiresAt, aiId === undefined ? {} : { aiId })
        : largerMonth(id, tokens);
    const outcome = this.do(request);
    if (outcome.kind === 'top-up') expect(this.do(request)).toMatchObject({ replayed: true });
  }

  /** An earlier request comes again, with the same id. */
  private repeat(): void {
    if (this.asked.length > 0) this.ask({ ...this.pick(this.asked), nonce: `n${++this.made}` });
  }

  private undo(): void {
    const lease = this.leases.at(-1);
    if (lease !== undefined) this.do({ kind: 'undo-grant', lease });
  }

  private record(): void {
    if (this.leases.length === 0) return;
    const lease = this.pick(this.leases);
    const usageId = `u${this.random() < 0.3 ? this.below(this.made) : ++this.made}`;
    const report = usageOf(usageId);
    const outcome = this.do({ kind: 'record', lease, usage: report });
    if (outcome.kind !== 'recorded') return;
    const aiId = outcome.lease?.aiId ?? '';
    if (!this.book(`${lease.epoch} ${aiId} ${usageId}`, outcome, lease)) return;
    this.calls.add(aiId, report);
    expectWeighed(this.budget, report, outcome.chargedTokens);
  }

  private unleased(): void {
    const [usageId, aiId] = [`u${++this.made}`, this.pick(['a', 'b', 'c', 'd'])];
    const report = usageOf(usageId);
    const outcome = this.do({ kind: 'record-unleased', aiId, usage: report });
    if (outcome.kind !== 'recorded') return;
    if (!this.book(`${this.budget.state.epoch} ${aiId} ${usageId}`, outcome)) return;
    this.calls.add(aiId, report);
    expectWeighed(this.budget, report, outcome.chargedTokens);
  }

  /** Whether it is new. */
  private book(key: string, outcome: Extract<Outcome, { kind: 'recorded' }>, lease?: LeaseRef): boolean {
    const { chargedTokens, overrunTokens, late, replayed } = outcome;
    const before = this.booked.get(key);
    // An id is known for 7 days; then it is free again.
    const known = before !== undefined && this.budget.now - before < WEEK_MS;
    expect(replayed, `${key} replayed`).toBe(known);
    this.same(
      `usage ${key} of ${known ? before : this.budget.now}`,
      `${chargedTokens} ${overrunTokens} ${late}`,
    );
    if (known) return false;
    this.booked.set(key, this.budget.now);
    this.spent += chargedTokens;
    if (lease === undefined) return true;
    this.presumed.settle(lease, chargedTokens);
    this.look(lease);
    return true;
  }

  /** By how much a lease's use grew. */
  private look(lease: LeaseRef): number {
    const outcome = this.do({ kind: 'get-lease', key: { lease } });
    if (outcome.kind !== 'lease') return 0;
    const { usedTokens } = outcome.lease;
    this.topped.see(outcome.lease);
    const grown = usedTokens - (this.used.get(lease.leaseId) ?? 0);
    this.used.set(lease.leaseId, usedTokens);
    return grown;
  }

  private release(): void {
    if (this.leases.length === 0) return;
    const lease = this.pick(this.leases);
    const unreported = this.pick([undefined, undefined, 'PRESUME', 'UNUSED'] as const);
    const reports = unreported !== 'UNUSED' && this.random() < 0.3;
    const more = this.random() < 0.3 ? { failed: true, calls: this.below(3) } : {};
    const report = reports
      ? { usage: usage(`e${lease.fence}`, this.pick([0, this.below(300)]), 'm', more) }
      : {};
    const outcome = this.do({ kind: 'release', lease, ...report, ...(unreported && { unreported }) });
    if (outcome.kind !== 'released') return;
    // A release that left something presumed, and the one that settled it.
    const which = unreported === 'PRESUME' ? 'presuming ' : '';
    this.same(
      `release ${which}${lease.leaseId}`,
      `${outcome.usedTokens} ${outcome.freedTokens} ${outcome.overrunTokens}`,
    );
    if (outcome.replayed) return;
    this.countRelease(lease, report.usage);
    const wasLive = this.budget.events.some(({ kind }) => kind === 'released');
    const grown = this.look(lease);
    this.spent += grown;
    // What a live lease reports with its release was never presumed.
    if (!wasLive) this.presumed.settle(lease, grown);
    this.presumed.free(lease, outcome.freedTokens);
  }

  /** A release that settles what another left presumed may come with the same report again. */
  private countRelease({ leaseId }: LeaseRef, report: UsageReport | undefined): void {
    if (report === undefined || this.reported.has(leaseId)) return;
    this.reported.add(leaseId);
    const aiId = this.asked[this.leases.findIndex((lease) => lease.leaseId === leaseId)]?.aiId;
    this.calls.add(aiId ?? '', report);
  }

  private renew(): void {
    if (this.leases.length === 0) return;
    this.do({ kind: 'renew', lease: this.pick(this.leases), reserveTokens: 1 + this.below(1_500) });
  }

  private operate(): void {
    const lease = this.leases.at(-1);
    const kind = this.below(6);
    if (kind < 2) this.changePolicy();
    else if (kind === 2) this.do({ kind: 'pause', reason: '' });
    else if (kind === 3 && lease !== undefined) this.do({ kind: 'revoke', lease, reason: '' });
    else if (kind === 4 && this.random() < 0.2) this.begin();
    this.do({ kind: 'resume' });
  }

  private changePolicy(): void {
    const { state, documents } = this.budget;
    this.regrouped = forgottenModels(state, documents.values()) ?? this.regrouped;
    this.do({ kind: 'put-policy', fields: this.policy() });
  }

  /** Deleted and created again. */
  private begin(): void {
    const { epoch } = this.budget.state;
    this.do({ kind: 'delete-budget', force: true });
    if (this.random() < 0.5) this.budget.reload();
    this.do({ kind: 'put-policy', fields: this.policy() });
    expect(this.budget.state.epoch).toBe(epoch + 1);
  }

  /** The clock ran ahead, and something was done by it. */
  private resetClock(): void {
    const { budget } = this;
    const right = budget.now;
    const ahead = this.pick([HOUR_MS, 3 * 24 * HOUR_MS, 25 * 24 * HOUR_MS]);
    for (let days = this.pick([1, 1, 3]); days > 0; days -= 1) {
      budget.pass(ahead);
      this.acquire();
      budget.pass(this.pick([0, 130_000]));
      this.unleased();
      if (this.random() < 0.5) this.hear(budget.writeOut());
    }
    budget.now = right + 1_000;
    if (this.random() < 0.5) budget.reload();
    this.do({ kind: 'reset-clock' });
    expect(budget.state.clock).toBe(budget.now);
    this.wasReset = true;
    this.check();
    // Time comes to those hours and days again, perhaps under another policy.
    if (this.random() < 0.5) this.changePolicy();
    if (this.random() < 0.5) this.budget.pass(ahead);
  }

  private adjust(): void {
    const { today } = this.budget.snapshot();
    this.hear(this.budget);
    const day = this.pick([
      today.day,
      ...['01', '02', '15'].map((of) => `${today.day.slice(0, 8)}${of}`),
      ...this.presumed.days,
    ]);
    const tokens = this.below(500) - 300 || 1;
    const model = this.pick([undefined, 'm', '(unknown)']);
    const about = {
      day,
      ...(model === undefined ? {} : { model }),
      ...(this.random() < 0.6 ? { aiId: this.pick(['a', 'b', 'c', 'd']) } : {}),
    };
    const adjustmentId = `x${++this.made}`;
    const before = figuresOf(this.budget, day);
    const outcome = this.do({ kind: 'adjust', adjustmentId, tokens, reason: '', fingerprint: '', ...about });
    if (outcome.kind !== 'adjusted') return;
    this.spent += tokens;
    if (tokens >= 0) return;
    const named = 'aiId' in about || 'model' in about;
    this.topped.correct(counted(before), counted(figuresOf(this.budget, day)), named);
    this.lookAtTopped();
    if (before.topped === undefined) this.presumed.correct(before, -tokens, about);
    else this.presumed.follow(before, day);
  }

  /** A correction may have taken what was presumed of them. */
  private lookAtTopped(): void {
    for (const { leaseId } of [...this.topped.known]) {
      const lease = parseLeaseId(leaseId);
      const outcome = lease && this.do({ kind: 'get-lease', key: { lease } });
      if (outcome?.kind === 'lease') this.topped.see(outcome.lease);
    }
  }

  /** Whoever asks for a lease is told what still stands. */
  private checkPresumed(): void {
    const open = this.presumed.check();
    if (open.length === 0 || !this.budget.state.exists) return;
    const { lease, tokens } = this.pick(open);
    const outcome = this.do({ kind: 'get-lease', key: { lease } });
    if (outcome.kind === 'lease') expect(outcome.lease.presumedTokens, lease.leaseId).toBe(tokens);
  }

  private checkScopes(): void {
    const { budget, hour } = this;
    const wrong = wrongScopes(budget.state, budget.documents.values(), {
      ofDay: this.apart,
      ofMonth: this.apart && this.regrouped !== budget.state.month.key,
    });
    expect(
      [...wrong, ...(this.apart ? hour.check(budget.state) : [])],
      'scopes that count otherwise',
    ).toEqual([]);
  }

  private same(what: string, answer: string): void {
    expect(this.answers.get(what) ?? answer, what).toBe(answer);
    this.answers.set(what, answer);
  }

  private check(): void {
    const { state } = this.budget;
    expect(state.revision).toBeGreaterThanOrEqual(this.revision);
    const committed = state.revision > this.revision;
    expectBooksBalance(this.budget, this.spent + this.presumed.corrected);
    if (this.random() < 0.1) this.calls.expectIn(this.budget);
    if (this.random() < 0.1) expectOneUnit(this.budget);
    if (committed && this.random() < 0.3) expectReloadsTheSame(this.budget);
    this.checkScopes();
    if (this.random() < 0.2) this.topped.check();
    this.checkPresumed();
    this.revision = state.revision;
  }
}

/** A grant says what whoever peeks then is told. */
function expectLeft(
  budget: TestBudget,
  { aiId, model }: AcquireRequest,
  { lease, availableTokens }: Granted,
): void {
  // A replay goes by the model of its lease.
  const of = lease.model ?? model;
  const peek = budget.fork().do<'availability'>({ kind: 'get-availability', aiId, ...(of && { model: of }) });
  expect(availableTokens, 'left after a grant').toBe(peek.availableTokens);
}

/** What came from top-ups of a day, and is presumed. */
function counted({ total, topped = 0, presumedBy }: ReturnType<typeof figuresOf>): Counted {
  let toppedPresumed = 0;
  for (const one of presumedBy.values()) if (one.topped) toppedPresumed += one.tokens;
  return { total, topped, toppedPresumed };
}

/** The same id has the same content, whoever repeats it. */
function usageOf(usageId: string) {
  const number = Number(usageId.slice(1));
  const more = number % 3 === 0 ? { failed: true } : number % 5 === 0 ? { calls: number % 4 } : {};
  const model = ['m', 'm-dear', '(unspecified)', 'n'][number % 4];
  return usage(usageId, number % 7 === 0 ? 0 : (number * 37) % 700, model, more);
}
