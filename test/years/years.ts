import { getDistribution } from '../../src/arbiter/distribution.js';
import { NOBODY } from '../../src/arbiter/pending.js';
import { parseLeaseId } from '../../src/domain/lease-id.js';
import type { PolicyFields } from '../../src/domain/policy.js';
import type { LeaseRef } from '../../src/domain/requests.js';
import { randomFrom } from '../support/seed.js';
import { Books } from './books.js';
import { Machine, type OpenStore, RETENTION_MONTHS } from './machine.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Within this time a repeated id is surely known. */
const REPEATS_MS = 7 * DAY - HOUR;

const MONTHLY = 300_000;
const ENFORCED = 210_000;
/** Half an hour is odd, Lord Howe's shift of half an hour odder. */
const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe'];

const POLICY: PolicyFields = {
  monthlyLimit: MONTHLY,
  maxDailyPercent: 20,
  maxHourlyPercent: 15,
  minDailyPercent: 1,
  pacing: 'NONE',
  emergencyPercent: 100,
  cooldownMs: 0,
  maxConcurrent: 4,
  maxConcurrentPerAi: 2,
  leaseTtlMs: 3 * HOUR,
  maxLeaseDurationMs: 12 * HOUR,
  onExpiry: 'CHARGE',
};

interface Budget {
  readonly id: string;
  readonly books: Books;
  readonly leases: Map<
    string,
    { readonly ref: LeaseRef; readonly aiId: string; reserved: number; expiresAt: number }
  >;
  /** Usage ids with the true time at which they were booked. */
  usages: { readonly aiId: string; readonly usageId: string; readonly tokens: number; readonly at: number }[];
  /** Asked for under a wrong clock it would not be what it seems. */
  month: string;
}

export interface YearsOptions {
  readonly days: number;
  readonly seed: number;
  readonly open: OpenStore;
  readonly start?: string;
  readonly say?: (line: string) => void;
}

export interface YearsResult {
  readonly wrong: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
}

/** Years of a service in minutes, with its books held against independent ones at the end of every month. */
export class Years {
  readonly wrong: string[] = [];
  readonly counts: Record<string, number> = {};
  private readonly machine: Machine;
  private readonly random: () => number;
  private budgets: Budget[] = [];
  private made = 0;
  private readonly endsAt: number;
  private sinkFailsUntil = 0;

  constructor(private readonly options: YearsOptions) {
    const start = Date.parse(options.start ?? '2026-10-10T07:00:00Z');
    this.machine = new Machine(options.open, start, options.seed);
    this.random = randomFrom(options.seed + 1);
    this.endsAt = start + options.days * DAY;
  }

  private get time() {
    return this.machine.time;
  }

  private count(what: string, by = 1): void {
    this.counts[what] = (this.counts[what] ?? 0) + by;
  }

  private check(holds: boolean, what: () => string): void {
    this.count('checks');
    if (!holds) this.wrong.push(`${new Date(this.time.now).toISOString()} ${what()}`);
  }

  private between(least: number, most: number): number {
    return least + Math.floor(this.random() * (most - least + 1));
  }

  private pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.random() * from.length)] as T;
  }

  async run(): Promise<YearsResult> {
    await this.machine.start();
    for (const zone of ZONES) await this.create(`b${this.budgets.length}`, zone);
    const downtimes = this.downtimes();
    while (this.time.now < this.endsAt) {
      const [downAt, downMs] = downtimes[0] ?? [Number.POSITIVE_INFINITY, 0];
      if (this.time.now >= downAt) {
        downtimes.shift();
        await this.downFor(downMs);
      }
      await this.day();
    }
    await this.atRest();
    await this.machine.stop();
    const { wrong, counts } = this;
    return { wrong: [...wrong, ...this.machine.errors], counts };
  }

  /** Months in which nothing runs: of 60 days 40 on top, of years two more. */
  private downtimes(): [at: number, ms: number][] {
    const { now } = this.time;
    const { days } = this.options;
    const half = Math.floor(days / 2);
    if (days < 200) return [[now + half * DAY, Math.min(40, half) * DAY]];
    return [
      [now + Math.floor(days / 4) * DAY, 40 * DAY],
      [now + half * DAY, 75 * DAY],
      [now + Math.floor((days * 4) / 5) * DAY, 10 * DAY],
    ];
  }

  private async create(id: string, zone: string): Promise<void> {
    await this.machine.ask(id, { kind: 'put-policy', fields: { ...POLICY, timeZone: zone } });
    const books = new Books(zone);
    this.budgets.push({ id, books, leases: new Map(), usages: [], month: monthOf(books, this.time.now) });
  }

  private async day(): Promise<void> {
    const until = this.time.now + DAY;
    await this.event();
    while (this.time.now < until && this.time.now < this.endsAt) {
      await this.machine.pass(this.between(5, 240) * MINUTE);
      if (this.time.now > this.sinkFailsUntil) this.machine.sinkFails = false;
      for (let calls = this.between(2, 8); calls > 0; calls -= 1) await this.call();
      for (const budget of this.budgets) await this.monthEnd(budget);
    }
  }

  private async event(): Promise<void> {
    const chance = this.random();
    if (chance < 0.05) await this.restart(0);
    else if (chance < 0.08) await this.crash();
    else if (chance < 0.11) await this.restart(this.between(1, 20) * HOUR);
    else if (chance < 0.13) await this.sleepFor(this.between(1, 14) * HOUR);
    else if (chance < 0.15) await this.wrongFromTheStart();
    else if (chance < 0.16) await this.wrongStep();
    else if (chance < 0.165) await this.clockBehind();
    else if (chance < 0.185) this.failSink();
    else if (chance < 0.2) await this.recreate();
  }

  private failSink(): void {
    this.count('hours without the sink', 6);
    this.machine.sinkFails = true;
    this.sinkFailsUntil = this.time.now + 6 * HOUR;
  }

  private async restart(downMs: number): Promise<void> {
    this.count('restarts');
    await this.machine.stop();
    this.time.pass(downMs);
    await this.machine.start();
  }

  private async crash(): Promise<void> {
    this.count('crashes');
    await this.machine.crash();
    await this.machine.start();
  }

  private async downFor(ms: number): Promise<void> {
    this.count('days down', ms / DAY);
    await this.restart(ms);
  }

  private async sleepFor(ms: number): Promise<void> {
    this.count('sleeps');
    await this.machine.sleep(ms);
    await this.machine.pass(2 * MINUTE);
    await this.machine.pass(2 * MINUTE);
  }

  /** The mistake that destroyed usage: a start with the clock ahead, some spending, the clock set right, ResetClock. */
  private async wrongFromTheStart(): Promise<void> {
    this.count('wrong clocks at a start');
    await this.releaseAll();
    await this.machine.stop();
    this.time.errorMs = this.pick([3, 40, 400, 1_100]) * DAY;
    await this.machine.start();
    await this.underWrongClock();
    await this.machine.stop();
    this.time.errorMs = 0;
    await this.machine.start();
    await this.resetClocks();
  }

  private async wrongStep(): Promise<void> {
    this.count('wrong clocks while it ran');
    await this.releaseAll();
    await this.machine.step(this.pick([2, 40, 800]) * DAY);
    await this.underWrongClock();
    await this.machine.step(0);
    await this.resetClocks();
  }

  private async underWrongClock(): Promise<void> {
    // Longer than it takes until tidying begins, at times for days.
    await this.machine.pass(this.pick([2 * MINUTE, 7 * HOUR, 50 * HOUR]));
    for (let calls = 0; calls < 5; calls += 1) await this.call();
    await this.machine.pass(MINUTE);
    await this.releaseAll();
    await this.machine.pass(MINUTE);
  }

  /** Budgets are ahead of it, and so is the time that has passed for tidying. */
  private async clockBehind(): Promise<void> {
    this.count('clocks behind');
    await this.releaseAll();
    await this.machine.stop();
    this.time.errorMs = -40 * DAY;
    await this.machine.start();
    await this.machine.pass(7 * HOUR);
    await this.machine.stop();
    this.time.errorMs = 0;
    await this.machine.start();
  }

  private async resetClocks(): Promise<void> {
    for (const { id } of this.budgets) {
      const outcome = await this.machine.ask(id, { kind: 'reset-clock' });
      this.check(
        outcome.kind === 'clock-reset',
        () => `${id}: ResetClock answered ${JSON.stringify(outcome)}`,
      );
    }
    for (const budget of this.budgets) await this.compare(budget, monthOf(budget.books, this.time.now));
  }

  private async recreate(): Promise<void> {
    const budget = this.pick(this.budgets);
    this.count('deletions');
    await this.machine.ask(budget.id, { kind: 'delete-budget', force: true });
    await this.machine.pass(this.pick([MINUTE, 3 * DAY]));
    this.budgets = this.budgets.filter((other) => other !== budget);
    // Mostly under another name: then the old one goes after the retention.
    this.made += 1;
    const id = this.random() < 0.3 ? budget.id : `c${this.made}`;
    await this.create(id, budget.books.zone);
  }

  private async releaseAll(): Promise<void> {
    for (const budget of this.budgets) {
      budget.books.until(this.time.believed);
      for (const { ref, expiresAt } of budget.leases.values()) {
        if (expiresAt > this.time.believed) await this.release(budget, ref, 0);
      }
      budget.leases.clear();
    }
  }

  private async call(): Promise<void> {
    const budget = this.pick(this.budgets);
    budget.books.until(this.time.believed);
    const chance = this.random();
    const lease = this.pick([...budget.leases.values()]);
    if (lease === undefined || chance < 0.35) return this.acquire(budget);
    if (chance < 0.6) return this.report(budget, lease.ref, lease.aiId);
    if (chance < 0.7) return this.renew(budget, lease.ref);
    if (chance < 0.8) return this.unleased(budget);
    if (chance < 0.87) return this.repeat(budget);
    if (chance < 0.97) return this.finish(budget, lease.ref, lease.expiresAt);
    // The AI is gone: nobody hears of it again.
    budget.leases.delete(lease.ref.leaseId);
  }

  private async acquire(budget: Budget): Promise<void> {
    this.made += 1;
    const requested = this.between(500, 9_000);
    const aiId = `ai-${this.between(1, 6)}`;
    const outcome = await this.machine.ask(budget.id, {
      ...{ kind: 'acquire', aiId, requestId: `r${this.made}`, requestIdMade: false, fingerprint: '' },
      ...{ nonce: `n${this.made}`, estimatedTokens: requested },
    });
    this.count(outcome.kind);
    if (outcome.kind !== 'granted') return;
    const { leaseId, reservedTokens, expiresAt, asOf } = outcome.lease;
    const ref = parseLeaseId(leaseId);
    if (ref === undefined) throw new Error(leaseId);
    const { books } = budget;
    const month = monthOf(books, asOf);
    const held = books.monthTotal(month) + books.reserved + reservedTokens;
    this.check(
      held <= ENFORCED,
      () => `${budget.id}: ${held} of ${ENFORCED} are spent or reserved in ${month}`,
    );
    books.granted(leaseId, aiId, reservedTokens, asOf, expiresAt);
    budget.leases.set(leaseId, { ref, aiId, reserved: reservedTokens, expiresAt });
  }

  private async report(budget: Budget, lease: LeaseRef, aiId: string): Promise<void> {
    const tokens = this.between(1, 4_000);
    this.made += 1;
    const usageId = `u${this.made}`;
    const outcome = await this.machine.ask(budget.id, {
      kind: 'record',
      lease,
      usage: usageOf(usageId, tokens),
    });
    if (outcome.kind !== 'recorded') return this.lost(budget, lease, outcome);
    this.count('reports');
    budget.books.reported(lease.leaseId, tokens, this.time.believed);
    budget.usages.push({ aiId, usageId, tokens, at: this.time.now });
  }

  private async renew(budget: Budget, lease: LeaseRef): Promise<void> {
    const outcome = await this.machine.ask(budget.id, { kind: 'renew', lease });
    if (outcome.kind !== 'renewed') return;
    const { reservedTokens, expiresAt } = outcome.lease;
    budget.books.renewed(lease.leaseId, reservedTokens, expiresAt);
    const known = budget.leases.get(lease.leaseId);
    if (known !== undefined) known.expiresAt = expiresAt;
  }

  private async unleased(budget: Budget): Promise<void> {
    const aiId = `ai-${this.between(1, 6)}`;
    const tokens = this.between(1, 300);
    this.made += 1;
    const usageId = `u${this.made}`;
    const request = { kind: 'record-unleased', aiId, usage: usageOf(usageId, tokens) } as const;
    const outcome = await this.machine.ask(budget.id, request);
    this.check(outcome.kind === 'recorded', () => `${budget.id}: unleased usage: ${JSON.stringify(outcome)}`);
    budget.books.unleased(aiId, tokens, this.time.believed);
    budget.usages.push({ aiId, usageId, tokens, at: this.time.now });
  }

  /** A repeat within 7 true days is never booked again. */
  private async repeat(budget: Budget): Promise<void> {
    budget.usages = budget.usages.filter(({ at }) => this.time.now - at < REPEATS_MS);
    const usage = this.pick(budget.usages);
    if (usage === undefined) return;
    const { aiId, usageId, tokens } = usage;
    const request = { kind: 'record-unleased', aiId, usage: usageOf(usageId, tokens) } as const;
    const outcome = await this.machine.ask(budget.id, request);
    this.count('repeats');
    const replayed = outcome.kind === 'recorded' && outcome.replayed;
    this.check(
      replayed,
      () => `${budget.id}: a repeat of ${usageId} of ${new Date(usage.at).toISOString()} was booked again`,
    );
  }

  private async finish(budget: Budget, lease: LeaseRef, expiresAt: number): Promise<void> {
    if (expiresAt > this.time.believed) await this.release(budget, lease, this.between(0, 3_000));
    else budget.books.forget(lease.leaseId);
    budget.leases.delete(lease.leaseId);
  }

  private async release(budget: Budget, lease: LeaseRef, tokens: number): Promise<void> {
    const { usageId: _, ...unnamed } = usageOf('', tokens);
    const usage = tokens === 0 ? {} : { usage: unnamed };
    const outcome = await this.machine.ask(budget.id, { kind: 'release', lease, ...usage });
    this.count(outcome.kind);
    if (outcome.kind !== 'released') return this.lost(budget, lease, outcome);
    if (tokens > 0) budget.books.reported(lease.leaseId, tokens, this.time.believed);
    budget.books.released(lease.leaseId);
  }

  /** Closed for more than 7 days, it may be forgotten. */
  private lost(budget: Budget, lease: LeaseRef, outcome: object): void {
    const known = budget.leases.get(lease.leaseId);
    const isOld = known !== undefined && this.time.believed - known.expiresAt > 6 * DAY;
    this.check(isOld, () => `${budget.id}: ${lease.leaseId} got ${JSON.stringify(outcome)}`);
    budget.leases.delete(lease.leaseId);
  }

  private async monthEnd(budget: Budget): Promise<void> {
    const month = monthOf(budget.books, this.time.now);
    if (month === budget.month) return;
    budget.month = month;
    this.count('month ends');
    let key = month;
    for (let back = 0; back <= RETENTION_MONTHS; back += 1) {
      await this.compare(budget, key);
      key = monthBefore(key);
    }
    this.options.say?.(
      `${budget.id} ${month}: ${this.wrong.length} wrong of ${this.counts['checks']} checks`,
    );
  }

  /** What the service says of a month, against the books. */
  private async compare({ id, books }: Budget, month: string): Promise<void> {
    books.until(this.time.believed);
    const { arbiter } = this.machine;
    const answer = await this.time.until(getDistribution(arbiter, id, { month }, NOBODY));
    if (!('stats' in answer)) return this.check(false, () => `${id}: ${JSON.stringify(answer)}`);
    const { monthlyDistribution, byAi } = answer.stats;
    const days = new Map(monthlyDistribution.dailyUsageData.map(({ date, tokens }) => [date, tokens]));
    const expected = new Map([...books.month(month)].filter(([, tokens]) => tokens > 0));
    this.check(
      same(days, expected),
      () => `${id} ${month}: days ${shown(days)}, in the books ${shown(expected)}`,
    );
    const ais = new Map(byAi.map(({ aiId, tokens }) => [aiId, tokens]));
    this.check(
      same(ais, books.aisOf(month)),
      () => `${id} ${month}: AIs ${shown(ais)}, in the books ${shown(books.aisOf(month))}`,
    );
    const total = monthlyDistribution.totalTokens;
    this.check(
      total === books.monthTotal(month),
      () => `${id} ${month}: ${total}, in the books ${books.monthTotal(month)}`,
    );
  }

  /** In the end everybody was told, and what is old is gone. */
  private async atRest(): Promise<void> {
    this.machine.sinkFails = false;
    await this.releaseAll();
    await this.machine.pass(DAY);
    for (const budget of this.budgets) await this.compare(budget, monthOf(budget.books, this.time.now));
    await this.checkAlerts();
    if (this.options.days > 200) await this.checkTidied();
  }

  private async checkAlerts(): Promise<void> {
    const open = new Set<string>();
    for (const { id } of this.budgets) {
      const state = await this.machine.store.load(id);
      for (const [key, { deliveries = [], endedAt }] of state?.sections.alerts ?? []) {
        const pending = deliveries.some(({ status }) => status === 'PENDING');
        this.check(!pending, () => `${id}: ${key} is still to be told`);
        if (endedAt === undefined) open.add(`${id}:${state?.head.epoch}:${key.replace(' ', ':')}`);
      }
    }
    const { heard, givenUp } = this.machine;
    this.count('alerts heard', heard.size);
    this.count('alerts given up', givenUp.size);
    for (const id of heard) {
      if (!id.endsWith(':raised')) continue;
      const incident = id.slice(0, -':raised'.length);
      const told = heard.has(`${incident}:ended`) || givenUp.has(`${incident}:ended`) || open.has(incident);
      this.check(told, () => `the end of ${incident} was never told`);
    }
  }

  /** Days of running after the last downtime it has caught up. */
  private async checkTidied(): Promise<void> {
    await this.machine.pass(20 * DAY);
    const from = new Books('UTC').dayOf(this.time.now - (RETENTION_MONTHS + 1) * 31 * DAY - 10 * DAY);
    const listed = await this.machine.store.list('', 1_000);
    this.count('budgets kept', listed.length);
    const old = listed.filter(({ head }) => head.deleted && new Books('UTC').dayOf(head.clock) < from);
    this.check(old.length === 0, () => `${old.length} deleted budgets are kept beyond the retention`);
    let documents = 0;
    for (const { budgetId, head } of listed) {
      const days = await this.machine.store.readDays(budgetId, head.epoch, '', '~');
      documents += days.length;
      this.check(!days.some(({ day }) => day < from), () => `${budgetId}: usage of ${days[0]?.day} is kept`);
    }
    this.count('usage documents kept', documents);
    const oldest = this.time.now - 15 * DAY;
    for (const { budgetId } of listed) {
      const receipts = await this.machine.store.listReceipts(budgetId, '', '', 10_000);
      const stale = receipts.filter(({ at }) => at < oldest);
      this.check(stale.length === 0, () => `${budgetId}: ${stale.length} receipts are older than 15 days`);
    }
  }
}

function usageOf(usageId: string, total: number) {
  const tokens = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0, total };
  const fingerprint = `${usageId}/${total}`;
  return { usageId, tokens, model: 'm', requestType: '', failed: false, errorMessage: '', fingerprint };
}

function monthOf(books: Books, at: number): string {
  return books.dayOf(at).slice(0, 7);
}

function monthBefore(key: string): string {
  const [year = 0, month = 0] = key.split('-').map(Number);
  return month === 1 ? `${year - 1}-12` : `${year}-${String(month - 1).padStart(2, '0')}`;
}

function same(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): boolean {
  return a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);
}

function shown(map: ReadonlyMap<string, number>): string {
  return [...map].map(([key, value]) => `${key} ${value}`).join(', ');
}
