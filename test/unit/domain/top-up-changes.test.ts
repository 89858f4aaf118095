import { describe, expect, it } from 'vitest';
import { MAX_TOP_UPS } from '../../../src/domain/model/limits.js';
import type { PolicyFields } from '../../../src/domain/model/policy.js';
import { TestBudget } from '../../support/budget.js';
import { largerMonth, overCaps } from '../../support/top-ups.js';

const NOW = Date.parse('2026-11-10T09:10:00Z');
const DAY_MS = 86_400_000;
const end = (topUpId: string) => ({ kind: 'end-top-up', topUpId, reason: '' }) as const;

describe('AddTopUp', () => {
  it('adds once per id, also when it has ended and left the state', () => {
    const budget = new TestBudget();
    const request = overCaps('a', 500, NOW + DAY_MS, { aiId: 'x' });
    const fields = { topUpId: 'a', kind: 'OVER_CAPS', tokens: 500, aiId: 'x', addedAt: NOW, reason: 'r' };
    expect(budget.do(request)).toMatchObject({ kind: 'top-up', topUp: fields, replayed: false });
    budget.writeOut().reload().pass(60_000);
    expect(budget.do(request)).toMatchObject({ kind: 'top-up', topUp: fields, replayed: true });
    budget.do(end('a'));
    budget.writeOut().reload();
    expect(budget.snapshot().topUps).toEqual([]);
    const again = budget.do<'top-up'>(request);
    expect(again).toMatchObject({ topUp: { ...fields, endedAt: budget.now, available: 0 }, replayed: true });
    expect(budget.snapshot().topUps).toEqual([]);
    budget.pass(7 * DAY_MS);
    expect(budget.do(overCaps('a', 500, budget.now + DAY_MS))).toMatchObject({ replayed: false });
  });

  it.each([
    ['in force', (_: TestBudget) => {}],
    ['ended', (budget: TestBudget) => budget.do(end('a'))],
    [
      'long gone',
      (budget: TestBudget) =>
        budget
          .writeOut()
          .pass(2 * DAY_MS)
          .do({ kind: 'sweep' }),
    ],
  ] as const)('refuses an id with other content: %s', (_what, does) => {
    const budget = new TestBudget();
    budget.do(overCaps('a', 500, NOW + DAY_MS));
    does(budget);
    for (const other of [overCaps('a', 501, NOW + DAY_MS), largerMonth('a', 500)]) {
      expect(budget.do(other)).toEqual({
        kind: 'refused',
        refusal: { reason: 'ID_REUSED', field: 'top_up_id', id: 'a' },
      });
    }
  });

  it.each([
    [overCaps('a', 1, NOW), 'expires_at'],
    [overCaps('a', 1, NOW + 1), undefined],
    [overCaps('a', 1, NOW + 92 * DAY_MS), undefined],
    [overCaps('a', 1, NOW + 92 * DAY_MS + 1), 'expires_at'],
    [largerMonth('a', 1), undefined],
    [overCaps('a', 1, NOW + 1, { teamId: 'nobody' }), 'team_id'],
    [largerMonth('a', 1, { month: '2026-10' }), 'month'],
    [largerMonth('a', 1, { month: '2026-11' }), undefined],
    [largerMonth('a', 1, { month: '2027-11' }), undefined],
  ])('%j: %s', (request, field) => {
    const outcome = new TestBudget().do(request);
    if (field === undefined) expect(outcome.kind).toBe('top-up');
    else expect(outcome).toMatchObject({ refusal: { reason: 'INVALID_FIELD', violations: [{ field }] } });
  });

  it(`takes ${MAX_TOP_UPS} that have not ended`, () => {
    const budget = new TestBudget();
    for (let at = 0; at < MAX_TOP_UPS; at += 1)
      budget.do(at % 2 === 0 ? overCaps(`t${at}`, 1, NOW + DAY_MS) : largerMonth(`t${at}`, 1));
    const refusal = { reason: 'TOO_MANY_TOP_UPS', most: MAX_TOP_UPS };
    expect(budget.do(largerMonth('more', 1))).toEqual({ kind: 'refused', refusal });
    expect(budget.do(overCaps('t0', 1, NOW + DAY_MS))).toMatchObject({ replayed: true });
    budget.do(end('t1'));
    expect(budget.do(largerMonth('more', 1)).kind).toBe('top-up');
    budget.pass(DAY_MS);
    expect(budget.do(largerMonth('and more', 1)).kind).toBe('top-up');
  });

  it('lets those who wait try again', () => {
    const budget = new TestBudget();
    const before = budget.state.loosened;
    budget.do(overCaps('a', 1, NOW + DAY_MS));
    expect(budget.state.loosened).toBeGreaterThan(before);
  });

  it('belongs to the budget that lives', () => {
    const budget = new TestBudget();
    budget.do(largerMonth('a', 1));
    budget.do({ kind: 'delete-budget', force: true });
    budget.do({ kind: 'put-policy', fields: {} });
    expect(budget.snapshot()).toMatchObject({ topUps: [], larger: 0 });
    expect(budget.do(largerMonth('a', 2))).toMatchObject({ replayed: false });
  });
});

describe('a larger month', () => {
  it('raises the enforced limit, S, and every cap that is a percentage of it, until it ends', () => {
    const budget = new TestBudget();
    budget.do(largerMonth('a', 60_000));
    budget.do(largerMonth('later', 10_000, { month: '2026-12' }));
    expect(budget.state.allowance).toMatchObject({
      ...{ enforced: 200_000, grantable: 196_000, dailyMax: 16_000, hourlyMax: 1_000, dailyMin: 4_000 },
    });
    expect(budget.snapshot().windows.map(({ cap }) => cap)).toEqual([1_000, 16_000, 200_000]);
    expect(budget.reload().window('MONTH').cap).toBe(200_000);
    budget.at('2026-12-01T00:00:00Z');
    expect(budget.window('MONTH').cap).toBe(150_000);
    expect(budget.snapshot().topUps.map(({ topUpId }) => topUpId)).toEqual(['later']);
  });

  it('says when a later month would admit, which is larger or not', () => {
    const budget = new TestBudget({ cooldownMs: 0, maxDailyPercent: 100 });
    const next = Date.parse('2026-12-01T00:00:00Z');
    budget.do(largerMonth('a', 60_000, { month: '2026-12' }));
    expect(budget.deny('x', 1_000)).toMatchObject({ permanent: false, availableAt: next });
    expect(budget.deny('x', 1_001)).toMatchObject({ permanent: true });
    const now = new TestBudget({ cooldownMs: 0, maxDailyPercent: 100 });
    now.do(largerMonth('a', 60_000));
    now.release(now.grant('x', 200), 200);
    expect(now.deny('x', 900).availableAt).toBe(Date.parse('2026-11-10T10:00:00Z'));
  });

  interface Row {
    readonly what: string;
    readonly policy?: PolicyFields;
    /** Before the first of these hours of the tenth. */
    readonly spent?: number;
    readonly today?: number;
    readonly tokens: number;
    readonly takesBack: number;
    readonly month?: string;
  }
  // Of 140,000 + 60,000: S = 196,000 and m = 4,000, with 21 days left.
  const ROWS: readonly Row[] = [
    { what: 'nothing is spent', tokens: 60_000, takesBack: 60_000 },
    { what: 'what is spent is not taken back', spent: 90_000, tokens: 60_000, takesBack: 22_000 },
    { what: 'nor what is kept for the days left', spent: 112_000, tokens: 60_000, takesBack: 0 },
    {
      what: "today's minimum has room for what it took",
      spent: 90_000,
      today: 4_000,
      tokens: 60_000,
      takesBack: 22_000,
    },
    {
      what: 'today took more than its minimum',
      spent: 90_000,
      today: 5_000,
      tokens: 60_000,
      takesBack: 21_000,
    },
    { what: 'a month to come', spent: 112_000, tokens: 60_000, month: '2026-12', takesBack: 60_000 },
    {
      what: 'whatever paces the days',
      policy: { pacing: 'NONE' },
      spent: 90_000,
      tokens: 60_000,
      takesBack: 22_000,
    },
  ];
  for (const { what, policy = {}, spent = 0, today = 0, tokens, takesBack, month } of ROWS) {
    it(`takes back at its end: ${what}`, () => {
      const budget = new TestBudget({ ...policy, monthlyLimit: 200_000 });
      budget.do(largerMonth('a', tokens, month === undefined ? {} : { month }));
      const about = { reason: 'r', fingerprint: '' };
      if (spent > 0)
        budget.do({ kind: 'adjust', adjustmentId: '1', tokens: spent, day: '2026-11-02', ...about });
      if (today > 0) budget.do({ kind: 'adjust', adjustmentId: '2', tokens: today, ...about });
      const ended = budget.do<'top-up'>(end('a'));
      expect(ended.topUp).toMatchObject({ takenBack: takesBack, endedAt: NOW });
      const { enforced, grantable, dailyMin } = budget.state.allowance;
      expect(enforced).toBe(140_000 + (month === undefined ? tokens - takesBack : 0));
      // Every later day still finds its minimum.
      if (spent < 112_000)
        expect(grantable - spent - Math.max(today, dailyMin) - 20 * dailyMin).toBeGreaterThanOrEqual(0);
      expect(budget.snapshot().topUps.length).toBe(takesBack === tokens ? 0 : 1);
      if (takesBack < tokens)
        expect(budget.do(end('a'))).toMatchObject({ topUp: ended.topUp, replayed: true });
    });
  }
});

describe('EndTopUp', () => {
  it('of none, or of one that is gone', () => {
    const budget = new TestBudget();
    const refusal = { reason: 'TOP_UP_NOT_FOUND', topUpId: 'a' };
    expect(budget.do(end('a'))).toEqual({ kind: 'refused', refusal });
    budget.do(overCaps('a', 1, NOW + DAY_MS));
    expect(budget.do(end('a'))).toMatchObject({
      ...{ kind: 'top-up', replayed: false },
      ...{ before: { available: 1 }, topUp: { endedAt: NOW, available: 0 } },
    });
    // It has left the state, and is known for as long as a repeat of its addition is.
    const again = { kind: 'top-up', replayed: true, topUp: { endedAt: NOW, available: 0 } };
    expect(budget.do(end('a'))).toMatchObject(again);
    expect(budget.writeOut().do(end('a'))).toMatchObject(again);
    budget.receipts.clear();
    expect(budget.do(end('a'))).toEqual({ kind: 'refused', refusal });
  });
});
