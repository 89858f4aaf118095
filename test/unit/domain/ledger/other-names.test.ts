import { beforeAll, describe, expect, it } from 'vitest';
import { MAX_AIS, MAX_MODELS } from '../../../../src/domain/model/limits.js';
import { ROOMY, TestBudget } from '../../../support/budget.js';
import { usage } from '../../../support/requests.js';
import { randomFrom, testSeed } from '../../../support/seed.js';

const DAY_MS = 86_400_000;
const POLICY = { ...ROOMY, monthlyLimit: 100_000_000, maxDailyPercentPerAi: 0.1, maxReportTokens: 1e9 };
const CAP = 100_000;

/** A day that names as many AIs as it may. */
function fullDay(policy = POLICY): TestBudget {
  const budget = new TestBudget(policy);
  name(budget);
  return budget;
}

function name(budget: TestBudget): void {
  const reports = Array.from({ length: MAX_AIS }, (_, at) => spent(`ai-${at}`, `${budget.now} ${at}`, 1));
  budget.together(...reports);
}

const spent = (aiId: string, usageId: string, tokens: number) =>
  ({ kind: 'record-unleased', aiId, usage: usage(usageId, tokens) }) as const;

describe('an AI beyond those that a day counts by name', () => {
  it('is held by the cap of one AI, though it reads no figure of its own', () => {
    const budget = fullDay();
    const all = [];
    for (let times = 0; times < 20; times += 1) {
      const outcome = budget.acquire('late-comer', { estimatedTokens: 90_000 });
      all.push(outcome.kind);
      if (outcome.kind === 'granted') budget.record({ ...outcome.lease, epoch: 1 }, 90_000);
    }
    expect(all.filter((kind) => kind === 'granted')).toHaveLength(1);
    const [blocker] = budget.deny('late-comer', 90_000).blockers;
    expect(blocker).toMatchObject({ rule: 'AI_DAILY_CAP', limit: CAP, spent: 90_000 });
    expect(blocker?.message).toContain('late-comer and all AIs beyond the 5,000 that a day names');
  });

  it('is counted with all others of them, and those with a name are not', () => {
    const budget = fullDay();
    budget.do(spent('one', 'u', CAP));
    expect(budget.deny('two', 1).blockers).toMatchObject([{ rule: 'AI_DAILY_CAP', spent: CAP }]);
    budget.grant('ai-7', CAP - 1);
    const peek = { kind: 'get-availability', aiId: 'two' } as const;
    expect(budget.do<'availability'>(peek).availableTokens).toBe(0);
  });

  it('has its own figure again on a day that has a name for it', () => {
    const budget = fullDay();
    budget.do(spent('one', 'u', CAP));
    budget.deny('one', 1);
    budget.pass(DAY_MS).grant('one', CAP);
  });

  it('can be corrected by its own name, on a day that left the state, too', () => {
    const budget = fullDay();
    budget.do({ kind: 'record-unleased', aiId: 'one', usage: usage('u', 500, 'm') });
    const take = (adjustmentId: string, tokens: number, day?: string) =>
      budget.do({
        ...{ kind: 'adjust', adjustmentId, tokens, reason: 'x', fingerprint: adjustmentId, aiId: 'one' },
        ...(day === undefined ? {} : { day }),
      });
    expect(take('1', -501)).toMatchObject({ refusal: { reason: 'BELOW_ZERO', available: 500 } });
    expect(take('2', -200)).toMatchObject({ kind: 'adjusted', dayTotal: MAX_AIS + 300 });
    budget.pass(2 * DAY_MS).writeOut();
    budget.writeOut();
    expect(take('3', -300, '2026-11-10')).toMatchObject({ kind: 'adjusted', dayTotal: MAX_AIS });
    expect(take('4', -1, '2026-11-10')).toMatchObject({ refusal: { reason: 'BELOW_ZERO', available: 0 } });
  });

  const seed = testSeed('other-names');
  it(`never takes more than one AI may, whoever it says it is (seed ${seed})`, () => {
    const random = randomFrom(seed);
    const budget = fullDay();
    const taken = new Map<string, number>();
    for (let step = 0; step < 400; step += 1) {
      const aiId = random() < 0.5 ? `late-${Math.floor(random() * 4)}` : `ai-${Math.floor(random() * 4)}`;
      const estimatedTokens = 1 + Math.floor(random() * 30_000);
      const outcome = budget.acquire(aiId, { estimatedTokens });
      if (outcome.kind !== 'granted') continue;
      budget.release({ ...outcome.lease, epoch: 1 }, Math.floor(random() * (estimatedTokens + 1)));
      taken.set(aiId, (taken.get(aiId) ?? 0) + budget.lease({ ...outcome.lease, epoch: 1 }).usedTokens);
    }
    for (const [aiId, tokens] of taken) expect(tokens, aiId).toBeLessThanOrEqual(CAP);
  });
});

describe('names that stood in a state before they were reserved', () => {
  let budget: TestBudget;
  beforeAll(() => {
    budget = new TestBudget(ROOMY);
    const lease = budget.grant('(other)', 100);
    budget.record(lease, 30, 'u', '(unknown)');
  });

  it('are read as they are, and their leases go on', () => {
    const [view] = budget.snapshot().liveLeases;
    expect(view).toMatchObject({ aiId: '(other)', usedTokens: 30 });
    const lease = { ...(view as NonNullable<typeof view>), epoch: 1 };
    expect(budget.do({ kind: 'renew', lease })).toMatchObject({ kind: 'renewed' });
    expect(budget.release(lease)).toMatchObject({ usedTokens: 30 });
    const { monthAis, monthModels } = budget.reload().snapshot();
    expect([monthAis.get('(other)'), monthModels.get('(unknown)')]).toEqual([30, 30]);
  });
});

it('a model beyond those that a day names can be corrected by its own name', () => {
  const budget = new TestBudget(ROOMY);
  const report = (at: number) => ({
    ...{ kind: 'record-unleased', aiId: 'a' },
    usage: usage(`u${at}`, 1, `model-${at}`),
  });
  budget.together(...Array.from({ length: MAX_MODELS }, (_, at) => report(at) as ReturnType<typeof spent>));
  budget.do({ kind: 'record-unleased', aiId: 'a', usage: usage('last', 50, 'late-comer') });
  const correction = { adjustmentId: 'x', tokens: -50, reason: 'x', fingerprint: '', model: 'late-comer' };
  expect(budget.do({ kind: 'adjust', ...correction })).toMatchObject({
    kind: 'adjusted',
    dayTotal: MAX_MODELS,
  });
  expect(budget.snapshot().monthModels.get('(other)')).toBe(0);
});
