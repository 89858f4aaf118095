import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  firstMoment,
  freeOf,
  type Guaranteed,
  type Keeping,
  kept,
  type Lending,
  lapsedBy,
  promised,
  sumKept,
  unmelted,
} from '../../../../src/domain/policy/kept.js';
import { testSeed } from '../../../support/seed.js';

const HOUR = 3_600_000;
const DAY: Keeping = { start: 0, end: 24 * HOUR, lending: 'GRADUAL' };
const at = (hour: number) => hour * HOUR;
const team = (guaranteed: number, taken: number): Guaranteed => ({ guaranteed, taken });

describe('what is kept for a team', () => {
  it.each<[string, Guaranteed, number, number, number]>([
    // what it has, hour of the day, kept when lending is gradual, and never
    ['all of it through the first half', team(1_829, 0), 12, 1_829, 1_829],
    ['at 18:00 half of it, rounded up', team(1_829, 0), 18, 915, 1_829],
    ['never more than it has not taken', team(1_829, 1_500), 18, 329, 329],
    ['the guardian of the table', team(1_829, 300), 18, 915, 1_529],
    ['the imperium of the table', team(914, 0), 18, 457, 914],
    ['nothing once it has taken all', team(914, 914), 6, 0, 0],
    ['nor if it has taken more', team(914, 2_000), 6, 0, 0],
    ['one token up to the end', team(914, 0), 24 - 1 / HOUR, 1, 914],
    ['nothing guaranteed', team(0, 0), 1, 0, 0],
  ])('%s', (_, figures, hour, gradual, never) => {
    expect(kept(figures, DAY, at(hour))).toBe(gradual);
    expect(kept(figures, { ...DAY, lending: 'NEVER' }, at(hour))).toBe(never);
  });

  it('is exact for the largest amounts', () => {
    const spring = { ...DAY, end: 25 * HOUR };
    for (const left of [1, 777_777, 12 * HOUR + 1, 12.5 * HOUR]) {
      const exact = (10n ** 12n * BigInt(2 * left) + BigInt(25 * HOUR) - 1n) / BigInt(25 * HOUR);
      expect(BigInt(unmelted(1e12, spring, spring.end - left))).toBe(exact);
    }
  });
});

/** Cap 4,574 at 18:00: guardian has 40 percent and took 300, imperium 20 and took nothing, others took 2,000. */
describe('the table of sharing.md', () => {
  const guardian = team(1_829, 300);
  const imperium = team(914, 0);
  const room = 4_574 - 2_300;

  it.each<[string, number, Guaranteed | undefined, Guaranteed[], number, boolean]>([
    // who asks, for how much, its own guarantee, the others', what is kept for them, granted
    ['sandbox', 500, undefined, [guardian, imperium], 1_372, true],
    ['sandbox', 902, undefined, [guardian, imperium], 1_372, true],
    ['sandbox', 903, undefined, [guardian, imperium], 1_372, false],
    ['sandbox', 1_000, undefined, [guardian, imperium], 1_372, false],
    ['guardian', 1_000, guardian, [imperium], 457, true],
    ['imperium', 1_500, imperium, [guardian], 915, false],
  ])('%s asks %i', (_, requested, own, others, keptForOthers, granted) => {
    expect(sumKept(others, DAY, at(18))).toBe(keptForOthers);
    const ofOwn = own === undefined ? 0 : promised(own, 0, DAY, at(18));
    expect(requested <= freeOf(room, keptForOthers, ofOwn)).toBe(granted);
  });
});

describe('what is promised to a team', () => {
  /** Cap 100, a and b 50 each, three quarters through: others spent 50, a 25. The formula alone would keep 25 for a again. */
  it('is not kept again for one that came late, at the cost of another', () => {
    const now = at(18);
    const lapsed = lapsedBy(team(50, 0), 0, DAY, now);
    expect(lapsed).toBe(25);
    const [a, b] = [team(50, 25), team(50, 0)];
    expect([kept(a, DAY, now), kept(b, DAY, now)]).toEqual([25, 25]);
    expect([promised(a, lapsed, DAY, now), promised(b, 0, DAY, now)]).toEqual([0, 25]);
    const room = 100 - 75;
    expect(freeOf(room, kept(b, DAY, now), promised(a, lapsed, DAY, now))).toBe(0);
    expect(freeOf(room, kept(a, DAY, now), promised(b, 0, DAY, now))).toBe(25);
  });

  it('comes back with what is given back, but not with what lapsed', () => {
    const now = at(18);
    expect(promised(team(50, 10), 25, DAY, now)).toBe(15);
    expect(promised(team(50, 0), 25, DAY, now)).toBe(25);
    expect(lapsedBy(team(50, 25), 25, DAY, now)).toBe(25);
  });
});

describe('the first moment at which no more than so much is kept', () => {
  it.each<[string, Guaranteed[], number, number, number | undefined]>([
    ['now', [team(914, 0)], 457, 18, at(18)],
    ['as it melts', [team(1_000, 0)], 100, 18, at(22.8)],
    ['what was taken need not melt', [team(1_000, 900)], 100, 12, at(12)],
    ['of two', [team(1_000, 0), team(500, 400)], 300, 13, at(21.6)],
    ['from the first half', [team(1_000, 0)], 999, 3, at(12) + 1_000 * 43.2],
    ['one token goes with the end alone', [team(1_000, 0)], 0, 3, undefined],
  ])('%s', (_, teams, atMost, from, expected) => {
    const found = firstMoment(teams, atMost, DAY, at(from));
    expect(found).toBe(expected === undefined ? undefined : Math.ceil(expected));
    if (found === undefined || found === at(from)) return;
    expect(sumKept(teams, DAY, found)).toBeLessThanOrEqual(atMost);
    expect(sumKept(teams, DAY, found - 1)).toBeGreaterThan(atMost);
  });
});

/** A window in which teams and others take and give back what the rule admits. */
class Shared {
  now = 0;
  private others = 0;
  readonly teams: { guaranteed: number; taken: number; lapsed: number; asked: [number, number][] }[];

  constructor(
    readonly cap: number,
    guaranteed: readonly number[],
    readonly window: Keeping,
  ) {
    this.teams = guaranteed.map((tokens) => ({ guaranteed: tokens, taken: 0, lapsed: 0, asked: [] }));
  }

  get room(): number {
    return this.cap - this.others - this.teams.reduce((sum, { taken }) => sum + taken, 0);
  }

  freeFor(who: number): number {
    const own = this.teams[who];
    const others = this.teams.filter((one) => one !== own);
    const ofOwn = own === undefined ? 0 : promised(own, own.lapsed, this.window, this.now);
    const free = freeOf(this.room, sumKept(others, this.window, this.now), ofOwn);
    expect(free, 'what is promised is there').toBeLessThanOrEqual(this.room);
    return free;
  }

  asks(who: number, tokens: number): boolean {
    const own = this.teams[who];
    if (tokens > this.freeFor(who)) return false;
    if (own === undefined) this.others += tokens;
    else {
      own.lapsed = lapsedBy(own, own.lapsed, this.window, this.now);
      own.taken += tokens;
      own.asked.push([this.now, tokens]);
    }
    return true;
  }

  givesBack(who: number, tokens: number): void {
    const own = this.teams[who];
    if (own === undefined) this.others -= Math.min(this.others, tokens);
    else own.taken -= Math.min(own.taken, tokens);
  }

  /** The most that a team may ask for now, if what it asks for from any moment on is to stay within what that moment promises. */
  promisedTo(who: number): number {
    const { guaranteed = 0, asked = [] } = this.teams[who] ?? {};
    const since = [0, this.now, ...asked.map(([moment]) => moment)];
    const open = since.map((moment) => {
      const part =
        this.window.lending === 'NEVER' ? 1 : Math.min(1, (2 * (this.window.end - moment)) / this.window.end);
      return Math.floor(guaranteed * part) - asked.reduce((sum, [t, n]) => sum + (t >= moment ? n : 0), 0);
    });
    return Math.max(0, Math.min(...open));
  }
}

const LENGTH = 1_000;
const aHistory = fc.record({
  cap: fc.integer({ min: 1, max: 500 }),
  percents: fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 4 }),
  lending: fc.constantFrom<Lending>('GRADUAL', 'GRADUAL', 'NEVER'),
  steps: fc.array(
    fc.record({
      pass: fc.constantFrom(0, 0, 7, 40, 600),
      who: fc.nat({ max: 4 }),
      does: fc.constantFrom('asks', 'asks for all', 'asks what is promised', 'gives back'),
      tokens: fc.integer({ min: 1, max: 200 }),
    }),
    { minLength: 10, maxLength: 60 },
  ),
});

describe('the promise', () => {
  it('holds in random histories: who stays within it is not refused, and nearly all is used in the end', () => {
    let [kept, late] = [0, 0];
    fc.assert(
      fc.property(aHistory, ({ cap, percents, lending, steps }) => {
        const sum = percents.reduce((all, percent) => all + percent, 0);
        const guaranteed = percents.map((percent) => Math.floor((cap * percent) / Math.max(100, sum)));
        const shared = new Shared(cap, guaranteed, { start: 0, end: LENGTH, lending });
        for (const { pass, who, does, tokens } of steps) {
          shared.now = Math.min(LENGTH - 1, shared.now + pass);
          if (does === 'gives back') shared.givesBack(who, tokens);
          else if (does === 'asks') shared.asks(who, tokens);
          else if (does === 'asks for all') shared.asks(who, Math.max(1, shared.freeFor(who)));
          else {
            const most = shared.promisedTo(who);
            if (most > 0) {
              const asked = Math.min(most, tokens);
              expect(shared.asks(who, asked), `${asked} of ${most} promised to ${who}`).toBe(true);
              kept += 1;
              if (shared.now > LENGTH / 2) late += 1;
            }
          }
        }
        shared.now = LENGTH - 1;
        if (lending === 'NEVER') return;
        while (shared.asks(-1, 20));
        // A token may be kept for each team up to the very end.
        expect(shared.room).toBeLessThan(20 + guaranteed.length);
      }),
      { seed: testSeed('kept'), numRuns: 2_000 },
    );
    expect(Math.min(kept, late)).toBeGreaterThan(500);
  });
});
