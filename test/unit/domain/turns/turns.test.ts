import { describe, expect, it } from 'vitest';
import { Tags } from '../../../../src/domain/turns/tags.js';
import { Trial } from '../../../../src/domain/turns/trial.js';
import { alone, type Call, TurnLine, teams } from '../../../support/turn-line.js';

const TOKEN = 1_000_000n;

/** `a b a`: calls that wait, in the order in which they came. */
function calls(ais: string): Call[] {
  return ais.split(' ').map((aiId, at) => ({ aiId, order: at + 1, tokens: 1 }));
}

describe('whose turn is next', () => {
  const TEAMS = { x: 2, y: 1 };

  it.each<
    [
      what: string,
      flowOf: ReturnType<typeof alone>,
      grants: readonly [string, number][],
      ais: string,
      order: string,
    ]
  >([
    ['who has waited longest, where nobody was served', alone(), [], 'c a b', 'c a b'],
    [
      'who was served less',
      alone(),
      [
        ['a', 200],
        ['b', 100],
      ],
      'a b',
      'b a',
    ],
    [
      'ties go to the one that has waited longest',
      alone(),
      [
        ['a', 100],
        ['b', 100],
      ],
      'b a',
      'b a',
    ],
    ['calls of one AI keep their order', alone(), [['a', 100]], 'a a b b', 'b b a a'],
    [
      'a weight counts: 300 over 3 is less than 200',
      alone({ a: 3 }),
      [
        ['a', 300],
        ['b', 200],
      ],
      'b a',
      'a b',
    ],
    [
      'a small weight counts as much',
      alone({ a: 0.01 }),
      [
        ['a', 2],
        ['b', 199],
      ],
      'a b',
      'b a',
    ],
    [
      'a newcomer starts where the last one was served, not before',
      alone(),
      [
        ['a', 900],
        ['a', 10],
      ],
      'a new',
      'new a',
    ],
    [
      'and who has used much long ago as a newcomer does',
      alone(),
      [
        ['a', 900],
        ['b', 1_000],
        ['b', 1],
      ],
      'a new b',
      'a new b',
    ],
    [
      'teams by their weights, however many they are',
      teams(TEAMS),
      [
        ['x/1', 100],
        ['x/2', 100],
        ['y/1', 150],
      ],
      'y/1 x/3',
      'x/3 y/1',
    ],
    [
      'within a team the AIs alike',
      teams(TEAMS),
      [
        ['x/1', 100],
        ['x/2', 50],
      ],
      'x/1 x/2 x/3',
      'x/3 x/2 x/1',
    ],
    [
      'all in no team are one flow',
      teams(TEAMS),
      [['made-up-1', 100]],
      'made-up-2 made-up-3 x/1',
      'x/1 made-up-2 made-up-3',
    ],
  ])('%s', (_, flowOf, grants, ais, order) => {
    const line = new TurnLine(flowOf);
    for (const [aiId, tokens] of grants) line.grant(aiId, tokens);
    expect(
      line
        .order(calls(ais))
        .map(({ aiId }) => aiId)
        .join(' '),
    ).toBe(order);
  });

  it.each([
    ['nothing where all of it was spent', 100, { reserved: 100, used: 100, presumed: 0 }, 100n],
    ['what was not spent back', 100, { reserved: 100, used: 30, presumed: 0 }, 30n],
    [
      'what was spent beyond, so that small estimates win nothing',
      1,
      { reserved: 1, used: 300, presumed: 0 },
      300n,
    ],
    ['what is presumed as spent', 100, { reserved: 100, used: 30, presumed: 70 }, 100n],
    ['what a raise has let it spend', 10, { reserved: 500, used: 400, presumed: 0 }, 400n],
  ])('the end of a lease moves %s', (_, granted, { reserved, used, presumed }, finish) => {
    const flowOf = alone();
    const line = new TurnLine(flowOf);
    const fence = line.grant('a', granted);
    line.turns.keep();
    line.end('a', fence, reserved, used, presumed);
    expect(line.turns.startOf(flowOf('a'))).toBe(finish * TOKEN);
  });

  it('moves by what a lease reserved whose grant another replica has seen', () => {
    const flowOf = alone();
    const line = new TurnLine(flowOf);
    line.grant('a', 1_000);
    line.end('a', 77, 500, 100);
    expect(line.turns.startOf(flowOf('a'))).toBe(600n * TOKEN);
  });

  it('is as it was when the commit that moved it is lost', () => {
    const line = new TurnLine(teams({ x: 2 }));
    line.grant('x/1', 100);
    line.turns.keep();
    const before = line.order(calls('x/1 x/2 new'));
    line.grant('new', 5_000);
    line.end('x/1', 1, 100, 0);
    line.grant('x/2', 5_000);
    line.turns.rollBack();
    expect(line.order(calls('x/1 x/2 new'))).toEqual(before);
    line.end('x/1', 1, 999, 100);
    expect(line.turns.startOf(line.flowOf('x/1'))).toBe(50n * TOKEN);
  });
});

describe('tags', () => {
  it('lose nothing over a million grants, whatever the weight', () => {
    const trial = new Trial();
    const tags = new Tags(trial);
    for (let at = 0; at < 1_000_000; at += 1) {
      tags.serve('third', 1, 0.03);
      if (at % 1_000 === 0) trial.keep();
    }
    expect(tags.startOf('third')).toBe((1_000_000n * TOKEN * 100n) / 3n);
  });

  it.each([
    [10 ** 12, 0.01, 10n ** 14n],
    [Number.MAX_SAFE_INTEGER, 0.0001, BigInt(Number.MAX_SAFE_INTEGER) * 10_000n],
    [1, 100, undefined],
  ])('are exact for %s tokens of weight %s', (tokens, weight, finish) => {
    const tags = new Tags(new Trial());
    tags.serve('a', tokens, weight);
    tags.serve('a', tokens, weight);
    tags.correct('a', -tokens, weight);
    expect(tags.startOf('a')).toBe(finish === undefined ? TOKEN / 100n : finish * TOKEN);
    expect(tags.largestStart).toBe(tags.startOf('a'));
  });

  it('never go back below the largest start that was served', () => {
    const tags = new Tags(new Trial());
    tags.serve('a', 100, 1);
    tags.serve('a', 100, 1);
    tags.correct('a', -200, 1);
    expect([tags.startOf('a'), tags.startOf('new')]).toEqual([100n * TOKEN, 100n * TOKEN]);
  });

  it('are bounded: those that are served are forgotten first, then those least ahead', () => {
    const tags = new Tags(new Trial());
    for (let at = 1; at <= 5_000; at += 1) {
      tags.serve(`invented-${at}`, at, 1);
      tags.tidy();
    }
    tags.serve('greedy', 10_000, 1);
    tags.tidy();
    const known = Array.from({ length: 5_000 }, (_, at) => tags.startOf(`invented-${at + 1}`)).filter(
      (start) => start > tags.largestStart,
    );
    expect(known.length).toBeLessThanOrEqual(1_000);
    expect(tags.startOf('invented-5000')).toBe(5_000n * TOKEN);
    expect(tags.startOf('greedy')).toBe(10_000n * TOKEN);
  });
});
