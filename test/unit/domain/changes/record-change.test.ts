import { beforeEach, describe, expect, it } from 'vitest';
import { newestChanges } from '../../../../src/domain/changes/newest-changes.js';
import { decide } from '../../../../src/domain/decide.js';
import { Ledger } from '../../../../src/domain/ledger/ledger.js';
import { KEPT_CHANGES, type StoredChange } from '../../../../src/domain/model/changes.js';
import type { KnownChanges } from '../../../../src/domain/model/outcomes.js';
import type { BudgetRequest } from '../../../../src/domain/model/requests.js';
import { presetOf } from '../../../../src/domain/policy/presets.js';
import { BUDGET, TestBudget } from '../../../support/budget.js';
import { acquire, leaseOf } from '../../../support/requests.js';
import { overCaps } from '../../../support/top-ups.js';

let budget: TestBudget;
const who = { principal: 'kim', reason: 'test' };

const known = () => budget.do<'changes'>({ kind: 'get-changes' }) as KnownChanges;
const recorded = (): StoredChange[] => [...known().waiting];
const policy = (maxConcurrent: number, more: object = {}): BudgetRequest => ({
  ...{ kind: 'put-policy', fields: { maxConcurrent }, updateMask: ['maxConcurrent'] },
  ...who,
  ...more,
});
const adjust = (adjustmentId: string, tokens: number): BudgetRequest => ({
  ...{ kind: 'adjust', adjustmentId, tokens, fingerprint: String(tokens), aiId: 'guardian' },
  ...who,
});

beforeEach(() => {
  budget = new TestBudget();
});

/** What each request of an operator leaves behind, and what it leaves when it is made again. */
const TABLE: readonly [string, () => BudgetRequest, object, (() => BudgetRequest)?][] = [
  [
    'a policy',
    () => policy(3),
    { kind: 'POLICY', fields: ['maxConcurrent'], before: {}, after: { maxConcurrent: 3 } },
  ],
  [
    'a preset',
    () => ({ kind: 'put-policy', fields: { preset: presetOf('CALLS') }, updateMask: [], ...who }),
    { kind: 'PRESET', fields: [], after: { preset: { name: 'CALLS' } } },
  ],
  ['a pause', () => ({ kind: 'pause', ...who }), { kind: 'PAUSED' }],
  [
    'a correction',
    () => adjust('x', 50),
    {
      kind: 'USAGE_ADJUSTED',
      adjustmentId: 'x',
      tokens: 50,
      day: '2026-11-10',
      dayTotal: 50,
      aiId: 'guardian',
    },
  ],
  [
    'a silence',
    () => ({ kind: 'silence-alerts', until: budget.now + 60_000, rules: ['POOR_SPREAD'], ...who }),
    { kind: 'ALERTS_SILENCED', rules: ['POOR_SPREAD'] },
  ],
  [
    'a top-up',
    () => ({ ...overCaps('friday', 400, budget.now + 60_000), ...who }),
    { kind: 'TOP_UP_ADDED', topUpId: 'friday', of: 'OVER_CAPS', tokens: 400 },
  ],
];

describe('a change', () => {
  it.each(TABLE)('is recorded once: %s', (_, request, body) => {
    budget.do(request());
    const [, record] = recorded();
    expect(record).toMatchObject({ number: 2, epoch: 1, at: budget.now, ...who, body });
    budget.do(request());
    expect(recorded()).toHaveLength(2);
  });

  it('is the creation, with all that the policy sets', () => {
    expect(new TestBudget({ cooldownMs: 9_000 }).do<'changes'>({ kind: 'get-changes' })).toMatchObject({
      ...{ budgetId: BUDGET, count: 1 },
      waiting: [{ number: 1, body: { kind: 'CREATED', before: {}, after: { cooldownMs: 9_000 } } }],
    });
  });

  it('is the end of a pause, with that pause', () => {
    budget.do({ kind: 'resume', ...who });
    budget.do({ kind: 'pause', principal: 'ann', reason: 'incident' });
    const pausedAt = budget.now;
    budget.pass(60_000).do({ kind: 'resume', ...who });
    expect(
      recorded()
        .slice(1)
        .map(({ body }) => body),
    ).toEqual([
      { kind: 'PAUSED' },
      { kind: 'RESUMED', pause: { reason: 'incident', at: pausedAt, principal: 'ann' } },
    ]);
  });

  it('is the end of a top-up, and of a lease that lives', () => {
    budget.do(overCaps('friday', 400, budget.now + 60_000));
    budget.do({ kind: 'end-top-up', topUpId: 'friday', ...who });
    budget.do({ kind: 'end-top-up', topUpId: 'friday', ...who });
    const lease = leaseOf(budget.do(acquire('guardian', { estimatedTokens: 100 })));
    const { leaseId } = lease;
    budget.do({ kind: 'revoke', lease, ...who });
    budget.do({ kind: 'revoke', lease, ...who });
    expect(recorded().slice(2)).toMatchObject([
      { number: 3, body: { kind: 'TOP_UP_ENDED', topUpId: 'friday', tokens: 400, spent: 0 } },
      { number: 4, ...who, body: { kind: 'LEASE_REVOKED', leaseId, aiId: 'guardian', presumedTokens: 100 } },
    ]);
  });

  it('is a clock that was set back, and not one that went on', () => {
    budget.pass(60_000).do({ kind: 'reset-clock', ...who });
    expect(recorded()).toHaveLength(1);
    const before = budget.now;
    budget.pass(-30_000).do({ kind: 'reset-clock', ...who });
    expect(recorded()[1]?.body).toEqual({ kind: 'CLOCK_RESET', before, after: before - 30_000 });
  });

  it('is none where a request was refused, or only judged', () => {
    budget.do(policy(3, { etag: 'old' }));
    budget.do(policy(3, { validateOnly: true }));
    budget.do({ kind: 'end-top-up', topUpId: 'never', ...who });
    budget.do(adjust('y', -10));
    budget.do({ kind: 'put-policy', fields: {}, onlyCreate: true, ...who });
    expect(known().count).toBe(1);
  });

  it('keeps its number beyond the deletion, which can be asked about', () => {
    budget.do({ kind: 'delete-budget', force: false, ...who });
    expect(known()).toMatchObject({ count: 2, waiting: [{}, { body: { kind: 'DELETED' } }] });
    expect(known()).not.toHaveProperty('budget');
    budget.do({ kind: 'delete-budget', force: false, ...who });
    budget.do({ kind: 'put-policy', fields: {}, ...who });
    expect(recorded().map(({ number, epoch, body }) => [number, epoch, body.kind])).toEqual([
      [1, 1, 'CREATED'],
      [2, 1, 'DELETED'],
      [3, 2, 'CREATED'],
    ]);
  });

  it('of a budget that never was there are none to ask about', () => {
    const circumstances = { time: 0, maxSkewMs: 0, evidence: { receipts: new Map(), days: new Map() } };
    const outcome = decide(Ledger.of('never', undefined), { kind: 'get-changes' }, circumstances);
    expect(outcome).toMatchObject({ kind: 'refused', refusal: { reason: 'BUDGET_NOT_FOUND' } });
  });
});

describe('records', () => {
  it('of one commit each have a number of their own', () => {
    budget.together(policy(3), policy(4), { kind: 'pause', ...who });
    const [, ...three] = recorded();
    expect(three.map(({ number }) => number)).toEqual([2, 3, 4]);
    expect(new Set(three.map(({ revision }) => revision)).size).toBe(1);
  });

  it('outlive a restart, and leave the state when they are written as they stand', () => {
    budget.do(policy(3));
    budget.reload();
    const [, record] = recorded();
    budget.do({ kind: 'drop-written', ...NOTHING, changes: new Map([['2', (record?.revision ?? 0) - 1]]) });
    expect(recorded()).toHaveLength(2);
    budget.writeOut();
    expect(known()).toMatchObject({ count: 2, waiting: [] });
    expect([...budget.changes.keys()]).toEqual([1, 2]);
    budget.reload().do(policy(4));
    expect(recorded().map(({ number }) => number)).toEqual([3]);
  });

  it('that would be trimmed anyway do not wait in the state', () => {
    for (let at = 0; at < KEPT_CHANGES + 20; at += 1) budget.do(policy(3 + (at % 2)));
    expect(recorded().map(({ number }) => number)).toEqual(
      Array.from({ length: KEPT_CHANGES }, (_, at) => at + 22),
    );
  });

  it('with policies are bounded in bytes: more must come again, and what stops everything does not', () => {
    const large = (share: number): BudgetRequest => ({
      kind: 'put-policy',
      fields: {
        maxDailyPercentByAi: Array.from({ length: 250 }, (_, at) => [`${at}`.padStart(64, 'x'), share]),
      },
    });
    let refusals = 0;
    for (let at = 0; at < 40; at += 1) if (budget.do(large(at + 1)).kind === 'refused') refusals += 1;
    expect(refusals).toBeGreaterThan(0);
    expect(budget.do(policy(5))).toMatchObject({ refusal: { reason: 'OUTBOX_FULL' } });
    expect(budget.do({ kind: 'pause', ...who }).kind).toBe('budget');
    expect(recorded().at(-1)?.body).toEqual({ kind: 'PAUSED' });
    budget.writeOut();
    expect(budget.do(policy(5)).kind).toBe('budget');
  });
});

const NOTHING = { receipts: new Map(), days: new Map() };

it('newestChanges takes each record once, none of another life, and the last 200', () => {
  const of = (number: number) => ({ number }) as StoredChange;
  const numbers = newestChanges({ count: 203, waiting: [of(203), of(202)] }, [
    of(204),
    of(202),
    of(4),
    of(3),
  ]);
  expect(numbers.map(({ number }) => number)).toEqual([203, 202, 4]);
});
