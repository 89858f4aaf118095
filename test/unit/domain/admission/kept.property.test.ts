import { describe, expect, it } from 'vitest';
import { standingOf } from '../../../../src/domain/ledger/standing.js';
import { percentOf } from '../../../../src/domain/model/percent.js';
import type { PolicyFields } from '../../../../src/domain/model/policy.js';
import type { LeaseRef } from '../../../../src/domain/model/requests.js';
import { ROOMY, TestBudget } from '../../../support/budget.js';
import { Chance } from '../../../support/chance.js';
import { refOf } from '../../../support/requests.js';
import { randomFrom, testSeed } from '../../../support/seed.js';

const HISTORIES = 60;
const STEPS = 60;
const MINUTE_MS = 60_000;
const TO_MEET = ['promised early', 'promised late', 'beyond pacing', 'all but one request is used'];

/**
 * While everyone stays within its reservations and no cap falls, a team whose requests from any moment s to the window's end total
 * at most `G x min(1, 2 (end - s) / (end - start))` is not refused because of others; under NEVER, any total up to G.
 */
describe('what is guaranteed to a team', () => {
  const seed = testSeed('guaranteed');

  it(`is there in random histories (seed ${seed})`, { timeout: 600_000 }, () => {
    const met = new Set<string>();
    for (let at = 0; at < HISTORIES; at += 1) {
      const history = new History(randomFrom(seed + at), met);
      try {
        history.run();
      } catch (error) {
        throw new Error(`history ${at}, SEED=${seed}: ${error}`, { cause: error });
      }
    }
    expect(TO_MEET.filter((what) => !met.has(what))).toEqual([]);
  });
});

/** What a team asked for in one window. */
interface Asked {
  readonly start: number;
  readonly end: number;
  /** The least of the caps that it has had. */
  cap: number;
  readonly requests: { readonly at: number; readonly tokens: number }[];
}

class History extends Chance {
  private readonly percents = this.pick([
    { a: 40, b: 20 },
    { a: 50, b: 50 },
    { a: 33.3, b: 0.7 },
  ]);
  private readonly budget = new TestBudget(this.policy(), '2026-11-10T11:40:00Z');
  private leases: LeaseRef[] = [];
  private readonly asked = new Map<string, Asked>();

  constructor(
    random: () => number,
    private readonly met: Set<string>,
  ) {
    super(random);
  }

  private policy(): PolicyFields {
    const { a, b } = this.percents;
    return {
      ...ROOMY,
      monthlyLimit: this.pick([3_000, 60_000]),
      maxDailyPercent: this.pick([5, 20]),
      maxHourlyPercent: this.pick([1, 100]),
      pacing: this.pick(['NONE', 'FLOOR', 'EVEN'] as const),
      onExpiry: this.pick(['CHARGE', 'REFUND'] as const),
      lending: this.pick(['GRADUAL', 'GRADUAL', 'NEVER'] as const),
      leaseTtlMs: this.pick([MINUTE_MS, 20 * MINUTE_MS]),
      maxConcurrent: 1_000,
      maxConcurrentPerAi: 1_000,
      teams: [
        ['a', { aiIds: ['a*'], guaranteedPercent: a }],
        ['b', { aiIds: ['b*'], guaranteedPercent: b }],
      ],
    };
  }

  run(): void {
    const { budget } = this;
    for (let step = 0; step < STEPS; step += 1) {
      this.pass(this.pick([0, 0, 0, 1_000, 7 * MINUTE_MS, 31 * MINUTE_MS, 5 * 60 * MINUTE_MS]));
      this.look();
      const kind = this.below(10);
      if (kind < 3) this.askForAll('c');
      else if (kind < 4) this.ask('c', 1 + this.below(this.pick([10, 300])));
      else if (kind < 6) this.ask(this.pick(['a', 'b']), 1 + this.below(this.pick([10, 300])));
      else if (kind < 9) this.askForAll(this.pick(['a', 'b']));
      else this.giveBack();
      if (this.random() < 0.7) this.checkPromise(this.pick(['a', 'b'] as const));
    }
    if (budget.state.policy.lending === 'GRADUAL') this.checkNothingIsWasted();
  }

  /** What of a day is still reserved when it ends would change the next one's cap. */
  private pass(ms: number): void {
    const { budget } = this;
    if (budget.now + ms >= budget.state.today.end) {
      for (const lease of this.leases) budget.release(lease);
      this.leases = [];
    }
    budget.pass(ms);
  }

  /** Notes the caps of now. */
  private look(): void {
    const { budget } = this;
    budget.do({ kind: 'sweep' });
    const { hour, today } = budget.state;
    const { pacedHour, day } = standingOf(budget.state);
    for (const team of ['a', 'b']) {
      this.note(`HOUR ${team}`, hour, pacedHour.tokens);
      this.note(`DAY ${team}`, today, day.cap.tokens);
    }
  }

  private note(key: string, { start, end }: { start: number; end: number }, cap: number): void {
    const known = this.asked.get(key);
    if (known?.start === start) known.cap = Math.min(known.cap, cap);
    else this.asked.set(key, { start, end, cap, requests: [] });
  }

  private ask(team: string, estimatedTokens: number): boolean {
    const outcome = this.budget.acquire(`${team}${this.below(3)}`, { estimatedTokens });
    if (outcome.kind !== 'granted') return false;
    this.leases.push(refOf(outcome));
    for (const window of ['HOUR', 'DAY'])
      this.asked.get(`${window} ${team}`)?.requests.push({ at: this.budget.now, tokens: estimatedTokens });
    this.look();
    return true;
  }

  private askForAll(aiId: string): void {
    const { availableTokens } = this.budget.do<'availability'>({ kind: 'get-availability', aiId });
    if (availableTokens > 0) this.ask(aiId, availableTokens);
  }

  private giveBack(): void {
    const [lease] = this.leases.splice(this.below(this.leases.length), 1);
    if (lease === undefined) return;
    const view = this.budget.lease(lease);
    if (view.status === 'LIVE') this.budget.release(lease, this.below(view.reservedTokens + 1));
  }

  private checkPromise(team: 'a' | 'b'): void {
    const promised = Math.min(this.promised('HOUR', team), this.promised('DAY', team));
    if (promised <= 0) return;
    const tokens = this.pick([promised, 1 + this.below(promised)]);
    const { state, now } = this.budget;
    const { hour } = standingOf(state);
    if (hour.spent + hour.reserved + tokens > hour.cap.tokens) this.met.add('beyond pacing');
    this.met.add(now - state.today.start > 12 * 60 * MINUTE_MS ? 'promised late' : 'promised early');
    const denied = this.budget.fork().acquire(team, { estimatedTokens: tokens });
    expect(denied.kind === 'denied' ? denied.denial.blockers : [], `${tokens} promised to ${team}`).toEqual(
      [],
    );
    this.ask(team, tokens);
  }

  /** By the requests of this team alone: the least that is left of what any moment until now promises. */
  private promised(window: 'HOUR' | 'DAY', team: 'a' | 'b'): number {
    const { start, end, cap, requests } = this.asked.get(`${window} ${team}`) as Asked;
    const guaranteed = percentOf(cap, this.percents[team]);
    const since = [start, this.budget.now, ...requests.map(({ at }) => at)];
    const left = since.map((moment) => {
      const part = Math.min(1, (2 * (end - moment)) / (end - start));
      const most = this.budget.state.policy.lending === 'NEVER' ? guaranteed : Math.floor(guaranteed * part);
      return most - requests.reduce((sum, { at, tokens }) => sum + (at >= moment ? tokens : 0), 0);
    });
    return Math.min(...left);
  }

  /** While somebody asks, at most one request's worth is left in the end; and a token for each team. */
  private checkNothingIsWasted(): void {
    const { budget } = this;
    budget.now = budget.state.today.end - 1;
    const size = 1 + this.below(50);
    while (this.ask('c', size));
    const { day, hour, month } = standingOf(budget.state);
    const room = (of: typeof day) => of.cap.tokens - of.spent - of.reserved;
    expect(Math.min(room(day), room(hour), room(month))).toBeLessThan(size + 2);
    this.met.add('all but one request is used');
  }
}
