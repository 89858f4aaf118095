import { describe, expect, it } from 'vitest';
import type { Granted } from '../../../../src/domain/model/outcomes.js';
import type { PolicyFields } from '../../../../src/domain/model/policy.js';
import type { AcquireRequest } from '../../../../src/domain/model/requests.js';
import { ROOMY, TestBudget } from '../../../support/budget.js';
import { counts } from '../../../support/requests.js';

type Asks = Pick<AcquireRequest, 'estimatedTokens' | 'expected' | 'atLeastTokens'>;

/** An hour's cap of 1,000, four slots. */
const NARROW: PolicyFields = { ...ROOMY, maxHourlyPercent: 0.1, maxConcurrent: 4 };
const asksFor = (estimatedTokens: number, atLeastTokens?: number): Asks =>
  atLeastTokens === undefined ? { estimatedTokens } : { estimatedTokens, atLeastTokens };

/** What a request gets where others hold so much, one slot each; or the rules that refuse it. */
function answer(policy: PolicyFields, held: readonly number[], asks: Asks): number | string {
  const budget = new TestBudget(policy);
  for (const [at, tokens] of held.entries()) budget.grant(`holder-${at}`, tokens);
  const outcome = budget.acquire('a', asks);
  if (outcome.kind === 'granted') return outcome.lease.reservedTokens;
  if (outcome.kind === 'denied') return outcome.denial.blockers.map(({ rule }) => rule).join(' ');
  return JSON.stringify(outcome);
}

describe('at least', () => {
  it.each<[string, PolicyFields, number[], Asks, number | string]>([
    ['is not asked where the whole is there', NARROW, [300], asksFor(700, 1), 700],
    ['gives a part of what is left for each free slot', NARROW, [300], asksFor(701, 1), 234],
    ['rounds that part up', NARROW, [299], asksFor(1_000, 1), 234],
    ['gives the least where the part is less', NARROW, [300], asksFor(1_000, 500), 500],
    ['gives all that is left if no less will do', NARROW, [300], asksFor(1_000, 700), 700],
    ['is refused where less than that is left', NARROW, [300], asksFor(1_000, 701), 'HOURLY_CAP'],
    ['all or nothing, without it', NARROW, [300], asksFor(701), 'HOURLY_CAP'],
    ['nobody takes all by asking for very much', NARROW, [], asksFor(1e12, 1), 250],
    ['the last free slot takes all that is left', NARROW, [100, 100, 100], asksFor(1e12, 1), 700],
    ['the least estimate is never undercut', { ...NARROW, minEstimate: 400 }, [300], asksFor(900, 1), 400],
    ['nor where it is not there', { ...NARROW, minEstimate: 400 }, [300, 400], asksFor(900, 1), 'HOURLY_CAP'],
    [
      'the tightest cap says what is left',
      { ...NARROW, maxDailyPercentPerAi: 0.02 },
      [],
      asksFor(900, 1),
      50,
    ],
    ['of the day', { ...NARROW, maxDailyPercent: 0.06 }, [], asksFor(900, 1), 150],
    ['of the month', { ...NARROW, monthlyLimit: 600, maxHourlyPercent: 100 }, [], asksFor(900, 1), 150],
    [
      'a request too large is refused whole',
      { ...NARROW, maxRequestTokens: 800 },
      [300],
      asksFor(801, 1),
      'REQUEST_TOO_LARGE',
    ],
    ['a slot cannot be had in part', { ...NARROW, maxConcurrent: 1 }, [300], asksFor(800, 1), 'CONCURRENCY'],
    [
      'only what refuses the least is told beside it',
      { ...NARROW, maxConcurrent: 1 },
      [300],
      asksFor(1_000, 701),
      'CONCURRENCY HOURLY_CAP',
    ],
    [
      'without an estimate it cuts the default',
      { ...NARROW, defaultReservation: 900 },
      [300],
      { atLeastTokens: 1 },
      234,
    ],
    [
      'which is granted whole where it can be',
      { ...NARROW, defaultReservation: 600 },
      [300],
      { atLeastTokens: 1 },
      600,
    ],
    ['a part below the least reservation', NARROW, [950], { atLeastTokens: 20 }, 20],
    [
      'more than the default asks for more',
      { ...NARROW, defaultReservation: 50 },
      [300],
      { atLeastTokens: 400 },
      400,
    ],
  ])('%s', (_, policy, held, asks, expected) => {
    expect(answer(policy, held, asks)).toBe(expected);
  });

  it('an emergency and a cooldown hold', () => {
    const budget = new TestBudget({ ...ROOMY, cooldownMs: 60_000 });
    budget.grant('a', 10);
    expect(budget.acquire('a', asksFor(20, 1))).toMatchObject({
      denial: { blockers: [{ rule: 'COOLDOWN' }] },
    });
    const spent = new TestBudget({ ...ROOMY, emergencyPercent: 50 });
    spent.do({ kind: 'adjust', adjustmentId: 'x', tokens: 600_000, reason: 'r', fingerprint: '' });
    expect(spent.acquire('a', asksFor(20, 1))).toMatchObject({
      denial: { blockers: [{ rule: 'EMERGENCY' }] },
    });
  });

  it('is what a denial speaks of: when that much is there, and whether it ever is', () => {
    const budget = new TestBudget(NARROW);
    budget.grant('b', 800);
    const denied = budget.acquire('a', asksFor(1e12, 300));
    expect(denied).toMatchObject({
      denial: { permanent: false, blockers: [{ rule: 'HOURLY_CAP', requested: 300, reserved: 800 }] },
    });
    expect(budget.acquire('a', asksFor(1e12, 1_001))).toMatchObject({
      denial: { permanent: true, blockers: [{ rule: 'HOURLY_CAP', requested: 1_001 }] },
    });
    const peek = { kind: 'get-availability', aiId: 'a', ...asksFor(1e12, 200) } as const;
    expect(budget.do(peek)).toEqual({ kind: 'availability', availableTokens: 200 });
  });

  it('tells the log what was asked where less is granted', () => {
    const budget = new TestBudget(NARROW);
    budget.grant('a', undefined, asksFor(300, 1));
    expect(budget.events).toMatchObject([{ kind: 'granted' }]);
    expect(budget.events).not.toMatchObject([{ askedTokens: expect.anything() }]);
    budget.grant('b', undefined, asksFor(1_100, 1));
    expect(budget.events).toMatchObject([{ kind: 'granted', askedTokens: 1_100 }]);
  });

  it.each([
    ['the least is there: nothing would have denied', 700, undefined],
    ['it is not', 701, { blockers: [{ rule: 'HOURLY_CAP', requested: 701 }] }],
  ])('in mode OBSERVE the whole is granted; %s', (_, least, wouldDeny) => {
    const budget = new TestBudget({ ...NARROW, mode: 'OBSERVE' });
    budget.grant('b', 300);
    const outcome = budget.acquire('a', asksFor(900, least)) as Granted;
    expect(outcome.lease.reservedTokens).toBe(900);
    expect(outcome.availableTokens).toBe(0);
    if (wouldDeny === undefined) expect(outcome.wouldDeny).toBeUndefined();
    else expect(outcome.wouldDeny).toMatchObject(wouldDeny);
  });

  it('a raise draws on what the smaller grant left', () => {
    const budget = new TestBudget(NARROW);
    const lease = budget.grant('a', undefined, asksFor(1e12, 1));
    const raised = budget.do<'renewed'>({ kind: 'renew', lease, reserveTokens: 1_000 });
    expect(raised.lease.reservedTokens).toBe(1_000);
  });
});

describe('expected tokens', () => {
  const weights: PolicyFields = {
    ...ROOMY,
    tokenWeights: { input: 20, output: 33.3, total: 50, cacheRead: 0 },
  };

  it.each<[string, PolicyFields, NonNullable<Asks['expected']>, number]>([
    ['weigh what reports of them would charge', weights, counts({ input: 1_000, output: 100 }), 234],
    ['are rounded up', weights, counts({ output: 1 }), 1],
    ['are rounded up once', weights, counts({ input: 3, output: 3 }), 2],
    ['may be one total', weights, counts({ total: 301 }), 151],
    ['reserve something even where nothing is charged', weights, counts({ cacheRead: 5_000 }), 1],
    ['reserve no less than the least estimate', { ...weights, minEstimate: 300 }, counts({ input: 10 }), 300],
    ['count in full by default', ROOMY, counts({ input: 30, cacheWrite: 4, reasoning: 200 }), 234],
  ])('%s', (_, policy, expected, reserved) => {
    expect(answer(policy, [], { expected })).toBe(reserved);
  });

  it('are weighed by the policy in force when it is decided, and are the same request after another', () => {
    const budget = new TestBudget(weights);
    const asked = { requestId: 'r', expected: counts({ input: 1_000 }) };
    const first = budget.grant('a', undefined, asked);
    expect(first.view.reservedTokens).toBe(200);
    budget.do({ kind: 'put-policy', fields: ROOMY });
    expect(budget.acquire('a', asked)).toMatchObject({ replayed: true, lease: { reservedTokens: 200 } });
    expect(budget.grant('a', undefined, { expected: asked.expected }).view.reservedTokens).toBe(1_000);
  });

  it('are what at least is held against', () => {
    const asks = { expected: counts({ input: 4_000 }) };
    expect(answer({ ...NARROW, tokenWeights: { input: 20 } }, [300], { ...asks, atLeastTokens: 1 })).toBe(
      234,
    );
    const budget = new TestBudget(weights);
    for (const kind of ['acquire', 'get-availability'] as const) {
      const request = { ...asks, atLeastTokens: 801, aiId: 'a' };
      const outcome = kind === 'acquire' ? budget.acquire('a', request) : budget.do({ kind, ...request });
      expect(outcome).toMatchObject({
        refusal: {
          reason: 'INVALID_FIELD',
          violations: [{ field: 'at_least_tokens', description: expect.stringMatching(/800.*it is 801/) }],
        },
      });
    }
  });

  it('may not weigh more than any amount', () => {
    const heavy = { ...ROOMY, tokenWeights: { output: 10_000 } };
    expect(new TestBudget(heavy).acquire('a', { expected: counts({ output: 1e12 }) })).toMatchObject({
      refusal: { reason: 'INVALID_FIELD', violations: [{ field: 'expected' }] },
    });
    expect(answer({ ...heavy, mode: 'OBSERVE' }, [], { expected: counts({ output: 1e10 }) })).toBe(1e12);
  });
});

describe('what a grant leaves', () => {
  it.each<[string, PolicyFields, number]>([
    ['of the hour', NARROW, 700],
    ['of the day', { ...NARROW, maxDailyPercent: 0.05 }, 200],
    ['of its own day', { ...NARROW, maxDailyPercentPerAi: 0.04 }, 100],
    // 1.2 times 47,620 of the day, among its 15 hours left. The first grant of an hour takes up to the hour's maximum; from then on the part binds.
    ['of the part that pacing gives the hour', { ...NARROW, pacing: 'EVEN', maxHourlyPercent: 100 }, 3_669],
  ])('%s', (_, policy, left) => {
    const budget = new TestBudget(policy);
    const outcome = budget.acquire('a', { requestId: 'r', estimatedTokens: 300 }) as Granted;
    expect(outcome.availableTokens).toBe(left);
    expect(budget.do({ kind: 'get-availability', aiId: 'a' })).toMatchObject({ availableTokens: left });
  });

  it('is told anew in a replay', () => {
    const budget = new TestBudget(NARROW);
    const first = budget.acquire('a', { requestId: 'r', estimatedTokens: 300 });
    budget.grant('b', 200);
    expect([first, budget.acquire('a', { requestId: 'r' })]).toMatchObject([
      { replayed: false, availableTokens: 700 },
      { replayed: true, availableTokens: 500 },
    ]);
  });
});
