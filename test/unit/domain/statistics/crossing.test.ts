import { describe, expect, it } from 'vitest';
import { policyInForce } from '../../../../src/domain/model/policy.js';
import { STATE_FORMAT, type UsageDay } from '../../../../src/domain/model/state.js';
import { type CrossingKey, crossing, type Whose } from '../../../../src/domain/statistics/crossing.js';
import { knownHours } from '../../../../src/domain/statistics/known-hours.js';

const POLICY = policyInForce({ teams: [['web', { aiIds: ['a', 'b'] }]] });

function day(name: string, changes: Partial<UsageDay> = {}): UsageDay {
  const start = Date.parse(name);
  const none = new Map<string, never>();
  return {
    ...{
      format: STATE_FORMAT,
      budgetId: 'b',
      epoch: 1,
      day: name,
      start,
      end: start + 86_400_000,
      revision: 1,
    },
    ...{ total: 60, presumed: 0, late: 0, hours: [], calls: 6, failedCalls: 1 },
    ais: new Map([
      ['a', 30],
      ['c', 30],
    ]),
    models: new Map([
      ['x', 40],
      ['y', 20],
    ]),
    aiCalls: new Map([
      ['a', { calls: 4, failedCalls: 1 }],
      ['c', { calls: 2, failedCalls: 0 }],
    ]),
    modelCalls: new Map([
      ['x', { calls: 3, failedCalls: 0 }],
      ['y', { calls: 3, failedCalls: 1 }],
    ]),
    pairs: new Map([
      ['a x', [10, 1, 0] as const],
      ['a y', [20, 3, 1] as const],
      ['c x', [30, 2, 0] as const],
    ]),
    ...{ presumedBy: none, toppedAis: none, toppedModels: none, parts: none },
    ...changes,
  };
}

const FIRST = day('2026-11-01');
const { pairs: _, ...BEFORE_PAIRS } = day('2026-11-02');
/** Of one pair, and of more that was counted before. */
const HALF = day('2026-11-03', { pairs: new Map([['a x', 5]]) });

function rows(days: readonly UsageDay[], keys: readonly CrossingKey[], whose: Whose = {}): string[] {
  return crossing(days, POLICY, keys, whose).map(
    ({ day: of = '', aiId = '', model = '', teamId = '', tokens, calls, failedCalls }) =>
      [
        [of.slice(-2), aiId, model, teamId].filter((part) => part !== '').join(' '),
        tokens,
        calls,
        failedCalls,
      ].join(),
  );
}

describe('usage by several keys', () => {
  it.each<[readonly CrossingKey[], Whose, readonly string[]]>([
    [['AI', 'MODEL'], {}, ['a x,10,1,0', 'a y,20,3,1', 'c x,30,2,0']],
    [['MODEL', 'TEAM'], {}, ['x web,10,1,0', 'y web,20,3,1', 'x (none),30,2,0']],
    [['TEAM'], {}, ['web,30,4,1', '(none),30,2,0']],
    [['DAY'], { aiId: 'a' }, ['01,30,4,1']],
    [['MODEL'], { aiId: 'a' }, ['x,10,1,0', 'y,20,3,1']],
    [['AI'], { model: 'x' }, ['a,10,1,0', 'c,30,2,0']],
    [['AI'], { teamId: '(none)' }, ['c,30,2,0']],
    [['DAY', 'AI'], { teamId: 'web', model: 'y' }, ['01 a,20,3,1']],
  ])('%j of %j', (keys, whose, expected) => {
    expect(rows([FIRST], keys, whose).sort()).toEqual([...expected].sort());
  });

  it('says of a day from before pairs were kept what is known, and never more or less', () => {
    expect(rows([BEFORE_PAIRS], ['AI', 'MODEL'])).toEqual(['a (unknown),30,4,1', 'c (unknown),30,2,0']);
    expect(rows([BEFORE_PAIRS], ['AI'], { model: 'x' })).toEqual(['(unknown),40,3,0']);
    expect(rows([BEFORE_PAIRS], ['MODEL'], { aiId: 'c' })).toEqual(['(unknown),30,2,0']);
    expect(rows([HALF], ['AI', 'MODEL'])).toEqual(['a x,5,0,0', 'a (unknown),25,4,1', 'c (unknown),30,2,0']);
    expect(rows([HALF], ['AI'], { model: 'x' })).toEqual(['a,5,0,0', '(unknown),35,3,0']);
  });

  it('sums over days, and to what each key alone sums to', () => {
    const days = [FIRST, BEFORE_PAIRS, HALF];
    const sum = (of: readonly string[]) => of.reduce((total, row) => total + Number(row.split(',')[1]), 0);
    for (const keys of [['DAY'], ['AI', 'MODEL'], ['DAY', 'AI', 'MODEL', 'TEAM'], ['MODEL', 'TEAM']] as const)
      expect(sum(rows(days, keys)), keys.join()).toBe(180);
    expect(sum(rows(days, ['MODEL'], { model: 'x' }))).toBe(120);
    expect(sum(rows(days, ['DAY', 'AI'], { model: 'x' }))).toBe(120);
  });
});

describe('hours', () => {
  it.each([
    [[{ start: 1, tokens: 9 }], [9], 0],
    [[{ start: 1, tokens: 9, adjusted: 9 }], [0], 9],
    [[{ start: 1, tokens: 9, adjusted: 4 }], [5], 4],
    // What a correction took, it took from what the hour had.
    [[{ start: 1, tokens: 9, adjusted: -4 }], [9], 0],
  ])('of %j', (hours, known, unknown) => {
    const found = knownHours(hours);
    expect([found.known.map(({ tokens }) => tokens), found.unknown]).toEqual([known, unknown]);
  });
});
