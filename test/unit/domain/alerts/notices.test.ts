import { describe, expect, it } from 'vitest';
import { updateMarks } from '../../../../src/domain/alerts/alerts.js';
import type { AlertCondition } from '../../../../src/domain/alerts/condition.js';
import { toldOf } from '../../../../src/domain/alerts/notices.js';
import type { StoredAlert } from '../../../../src/domain/model/state.js';
import { randomFrom } from '../../../support/seed.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

type Shape = Partial<AlertCondition> & Pick<AlertCondition, 'rule' | 'holds'>;

function condition(shape: Shape): AlertCondition {
  const figures = { value: 9, threshold: 8, message: () => 'much' };
  return { window: 'MONTH', windowStart: 0, ...figures, ...shape };
}

/** Spread in percent, of which more than 80 is poor. */
const spread = (value: number) =>
  condition({ rule: 'POOR_SPREAD', holds: value > 80, value, threshold: 80, level: value / 10 });

/** Tokens that the month would come to, of 1,000; `daysEarly`: so long before its end they are used up. */
const projection = (value: number, daysEarly = 0) =>
  condition({ rule: 'EXHAUSTION_FORECAST', holds: value > 1_000, value, threshold: 1_000, level: daysEarly });

/** Follows one budget's alerts through moments. */
class Follower {
  readonly marks = new Map<string, StoredAlert>();
  /** `hours: RULE change`. */
  readonly changes: string[] = [];

  at(hours: number, ...conditions: AlertCondition[]): this {
    for (const { key, alert, change } of updateMarks(this.marks, conditions, hours * HOUR)) {
      // As the commit would, which tells its sinks.
      const { untold: _, ...told } = alert;
      this.marks.set(key, told);
      if (change !== undefined) this.changes.push(`${hours}: ${alert.rule} ${change}`);
    }
    return this;
  }

  /** As pill and gauge show it. */
  get holding(): string[] {
    return [...this.marks.values()].flatMap(({ rule, endedAt }) => (endedAt === undefined ? [rule] : []));
  }
}

describe('what holds and what was told', () => {
  it('a forecast that is corrected and then far above again is raised again', () => {
    const alerts = new Follower().at(0, projection(1_200, 5));
    expect(alerts.holding).toEqual(['EXHAUSTION_FORECAST']);
    alerts.at(1, projection(900));
    expect(alerts.holding).toEqual([]);
    alerts.at(7, projection(900)).at(8, projection(3_000, 20));
    expect(alerts.holding).toEqual(['EXHAUSTION_FORECAST']);
    expect(alerts.changes).toEqual([
      '0: EXHAUSTION_FORECAST RAISED',
      '1: EXHAUSTION_FORECAST AWAY',
      '7: EXHAUSTION_FORECAST ENDED',
      '8: EXHAUSTION_FORECAST RAISED',
    ]);
  });

  it('and at once, where it comes back a day earlier before the end was told', () => {
    const alerts = new Follower()
      .at(0, projection(1_200, 5))
      .at(1, projection(900))
      .at(2, projection(3_000, 6));
    expect(alerts.changes.at(-1)).toBe('2: EXHAUSTION_FORECAST RAISED');
    expect(alerts.marks.get('EXHAUSTION_FORECAST 0')).toMatchObject({
      raisedAt: 2 * HOUR,
      value: 3_000,
      notice: { number: 2, raisedAt: 2 * HOUR },
    });
  });

  it('a spread of 90, 10 and 94 percent holds, does not, and holds', () => {
    const quick = new Follower().at(0, spread(90)).at(1, spread(10));
    expect(quick.holding).toEqual([]);
    quick.at(2, spread(94));
    expect(quick.holding).toEqual(['POOR_SPREAD']);
    expect(quick.changes).toEqual(['0: POOR_SPREAD RAISED', '1: POOR_SPREAD AWAY', '2: POOR_SPREAD BACK']);

    const slow = new Follower().at(0, spread(90)).at(1, spread(10)).at(7, spread(10)).at(30, spread(94));
    expect(slow.holding).toEqual(['POOR_SPREAD']);
    expect(slow.changes).toEqual([
      '0: POOR_SPREAD RAISED',
      '1: POOR_SPREAD AWAY',
      '7: POOR_SPREAD ENDED',
      '30: POOR_SPREAD RAISED',
    ]);
  });

  it.each<[string, AlertCondition[], string[]]>([
    ['10 points of spread', [spread(81), spread(90.9), spread(91)], ['2: POOR_SPREAD RAISED']],
    [
      'and then 10 points above that',
      [spread(81), spread(92), spread(101), spread(102)],
      ['1: POOR_SPREAD RAISED', '3: POOR_SPREAD RAISED'],
    ],
    [
      'a day earlier',
      [projection(1_100, 3), projection(1_150, 3.9), projection(1_200, 4)],
      ['2: EXHAUSTION_FORECAST RAISED'],
    ],
    [
      'nothing that has no levels',
      [
        { holds: true, value: 9 },
        { holds: true, value: 900 },
      ].map((more) => condition({ rule: 'WARNING', ...more })),
      [],
    ],
  ])('is told anew while it holds when it is worse by %s', (_, steps, raisedAgain) => {
    const alerts = new Follower();
    for (const [hour, step] of steps.entries()) alerts.at(hour, step);
    expect(alerts.changes.slice(1)).toEqual(raisedAgain);
  });

  it('an hourly alert goes on from hour to hour until it has been away for half an hour', () => {
    const burst = (hour: number, holds: boolean) =>
      condition({ rule: 'HOURLY_BURST', window: 'HOUR', windowStart: hour * HOUR, holds });
    const alerts = new Follower()
      .at(10.5, burst(10, true))
      .at(11, burst(11, false))
      .at(11.4, burst(11, true))
      .at(12, burst(12, false))
      .at(12.5, burst(12, false))
      .at(12.6, burst(12, true));
    expect(alerts.changes).toEqual([
      '10.5: HOURLY_BURST RAISED',
      '11: HOURLY_BURST AWAY',
      '11.4: HOURLY_BURST BACK',
      '12: HOURLY_BURST AWAY',
      '12.5: HOURLY_BURST ENDED',
      '12.6: HOURLY_BURST RAISED',
    ]);
    expect([...alerts.marks.keys()]).toEqual([`HOURLY_BURST ${10 * HOUR}`, `HOURLY_BURST ${12 * HOUR}`]);
  });

  it('says at its end what the figure is then, and nothing of a window that is over', () => {
    const alerts = new Follower().at(0, spread(90)).at(1, spread(10)).at(7, spread(12));
    expect(toldOf(alerts.marks.get('POOR_SPREAD 0') as StoredAlert)).toMatchObject({
      endedAt: 7 * HOUR,
      endValue: 12,
    });
    const over = new Follower().at(0, spread(90)).at(1).at(7);
    expect(toldOf(over.marks.get('POOR_SPREAD 0') as StoredAlert)).not.toHaveProperty('endValue');
  });

  it('ends in time though a clock was set back meanwhile', () => {
    const alerts = new Follower().at(0, spread(90)).at(2_000, spread(10)).at(1, spread(10)).at(7, spread(10));
    expect(alerts.changes.at(-1)).toBe('7: POOR_SPREAD ENDED');
  });
});

describe('a month of random conditions', () => {
  it.each([1, 2, 3, 4, 5])('seed %i: what is shown is what holds, and notices are few', (seed) => {
    const random = randomFrom(seed);
    const alerts = new Follower();
    const levels = new Map<string, { least: number; most: number }>();
    let now = 0;
    for (let step = 0; now < 30 * DAY; step += 1) {
      now += random() * (step % 3 === 0 ? 5 * HOUR : HOUR / 2);
      const hour = Math.floor(now / HOUR) * HOUR;
      const month = [spread(60 + random() * 60), projection(700 + random() * 600, random() * 12)];
      const day = condition({
        ...{ rule: 'DAILY_SPIKE', window: 'DAY', windowStart: Math.floor(now / DAY) * DAY },
        holds: random() < 0.4,
      });
      const burst = condition({
        rule: 'HOURLY_BURST',
        window: 'HOUR',
        windowStart: hour,
        holds: random() < 0.5,
      });
      const conditions = [...month, day, burst];
      alerts.at(now / HOUR, ...conditions);
      const held = conditions.filter(({ holds }) => holds).map(({ rule }) => rule);
      expect(alerts.holding.sort(), `at ${now / HOUR} h`).toEqual(held.sort());
      for (const { rule, level, holds } of conditions) {
        if (!holds || level === undefined) continue;
        const { least, most } = levels.get(rule) ?? { least: level, most: level };
        levels.set(rule, { least: Math.min(least, level), most: Math.max(most, level) });
      }
    }
    for (const rule of ['POOR_SPREAD', 'EXHAUSTION_FORECAST', 'DAILY_SPIKE', 'HOURLY_BURST']) {
      const told = alerts.changes.filter((line) => line.includes(`: ${rule} `));
      const times = (change: string) => told.filter((line) => line.endsWith(change)).map(Number.parseFloat);
      const { least = 0, most = 0 } = levels.get(rule) ?? {};
      // Within one notice it can get worse so often; and two notices are apart by the time that the condition was away.
      const perNotice = 1 + Math.floor(most - least);
      const windows = rule === 'DAILY_SPIKE' ? 30 : 1;
      expect(times('RAISED').length).toBeLessThanOrEqual((times('ENDED').length + windows) * perNotice);
      const away = rule === 'HOURLY_BURST' ? 0.5 : 6;
      expect(times('ENDED').length).toBeLessThanOrEqual((30 * 24) / away);
      for (const ended of times('ENDED')) {
        const between = told.filter((line) => {
          const at = Number.parseFloat(line);
          return at > ended - away + 1e-9 && at < ended - 1e-9;
        });
        if (windows === 1) expect(between, `in the ${away} h before the end at ${ended} h`).toEqual([]);
      }
    }
  });
});
