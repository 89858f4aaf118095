import { describe, expect, it } from 'vitest';
import type { PolicyFields } from '../../../../src/domain/model/policy.js';
import type { LeaseRef } from '../../../../src/domain/model/requests.js';
import type { WindowStatus } from '../../../../src/domain/model/types.js';
import { TestBudget } from '../../../support/budget.js';
import { overCaps } from '../../../support/top-ups.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const FRIDAY = Date.parse('2026-11-13T00:00:00Z');
/** Nothing fits the hour: whatever is granted comes from a top-up. */
const FULL: PolicyFields = {
  ...{ monthlyLimit: 1_000_000, enforcedPercent: 100, emergencyPercent: 100, maxHourlyPercent: 0.0001 },
  ...{ maxDailyPercent: 100, minDailyPercent: 0, pacing: 'NONE', cooldownMs: 0 },
  ...{ maxConcurrent: 10, maxConcurrentPerAi: 10 },
};

interface Books {
  /** In the windows of hour, day and month. */
  readonly windows?: readonly [spent: number, reserved: number];
  readonly topped?: number;
  /** Of the top-up of 1,000. */
  readonly spent: number;
  readonly reserved: number;
}

interface Row {
  readonly what: string;
  readonly policy?: PolicyFields;
  readonly does: (budget: TestBudget, lease: LeaseRef) => void;
  readonly books: Books;
}

/** A lease of 400, granted from a top-up of 1,000; windows that are not told count nothing. */
const ROWS: readonly Row[] = [
  { what: 'granted', does: () => {}, books: { spent: 0, reserved: 400 } },
  {
    what: 'used within its reservation',
    does: (budget, lease) => budget.record(lease, 300),
    books: { topped: 300, spent: 300, reserved: 100 },
  },
  {
    what: 'an overrun counts in the windows as any',
    does: (budget, lease) => budget.record(lease, 450),
    books: { windows: [50, 0], topped: 400, spent: 400, reserved: 0 },
  },
  {
    what: 'released',
    does: (budget, lease) => budget.release(lease, 300),
    books: { topped: 300, spent: 300, reserved: 0 },
  },
  {
    what: 'a late report on what was released: it had been reserved',
    does: (budget, lease) => {
      budget.release(lease, 300);
      budget.record(lease, 150);
    },
    books: { windows: [50, 0], topped: 400, spent: 400, reserved: 0 },
  },
  {
    what: 'given back unused, and used after all',
    does: (budget, lease) => {
      budget.do({ kind: 'release', lease, unreported: 'UNUSED' });
      budget.record(lease, 150);
    },
    books: { topped: 150, spent: 150, reserved: 0 },
  },
  {
    what: 'expired: presumed',
    does: (budget, lease) => {
      budget.record(lease, 100);
      budget.pass(121_000);
    },
    books: { topped: 400, spent: 400, reserved: 0 },
  },
  {
    what: 'expired, and refunded',
    policy: { ...FULL, onExpiry: 'REFUND' },
    does: (budget) => budget.pass(121_000),
    books: { topped: 0, spent: 0, reserved: 0 },
  },
  {
    what: 'a late report takes the place of what is presumed, and its excess counts in the windows',
    does: (budget, lease) => {
      budget.pass(121_000);
      budget.record(lease, 390);
      budget.record(lease, 20);
    },
    books: { windows: [10, 0], topped: 400, spent: 400, reserved: 0 },
  },
  {
    what: 'a release within the grace gives the rest back',
    does: (budget, lease) => {
      budget.pass(121_000);
      budget.release(lease, 100);
    },
    books: { topped: 100, spent: 100, reserved: 0 },
  },
  {
    what: 'released as presumed',
    does: (budget, lease) => budget.do({ kind: 'release', lease, unreported: 'PRESUME' }),
    books: { topped: 400, spent: 400, reserved: 0 },
  },
  {
    what: 'revoked',
    does: (budget, lease) => budget.do({ kind: 'revoke', lease, reason: '' }),
    books: { topped: 400, spent: 400, reserved: 0 },
  },
  {
    what: 'a grant that nobody received',
    does: (budget, lease) => budget.do({ kind: 'undo-grant', lease }),
    books: { spent: 0, reserved: 0 },
  },
  {
    what: 'raised, from the same top-up',
    does: (budget, lease) => budget.do({ kind: 'renew', lease, reserveTokens: 1_000 }),
    books: { spent: 0, reserved: 1_000 },
  },
  {
    what: 'raised after an overrun: only what is new is drawn',
    does: (budget, lease) => {
      budget.record(lease, 500);
      budget.do({ kind: 'renew', lease, reserveTokens: 600 });
    },
    books: { windows: [100, 0], topped: 400, spent: 400, reserved: 100 },
  },
  {
    what: 'its top-up has ended: what was reserved still counts there, late or not',
    does: (budget, lease) => {
      budget.do({ kind: 'end-top-up', topUpId: 'a', reason: '' });
      budget.record(lease, 100);
      budget.pass(121_000);
      budget.record(lease, 200);
    },
    books: { topped: 400, spent: 400, reserved: 0 },
  },
];

describe('a lease from a top-up', () => {
  for (const { what, policy = FULL, does, books } of ROWS) {
    it(what, () => {
      const { budget, lease } = granted(policy);
      does(budget, lease);
      const { windows, topUps, openDays } = budget.snapshot();
      const [spent, reserved] = books.windows ?? [0, 0];
      for (const window of windows) expect(figuresOf(window)).toEqual([spent, reserved, books.topped ?? 0]);
      expect(topUps).toMatchObject([{ spent: books.spent, reserved: books.reserved }]);
      expect(openDays[0]).toMatchObject({ total: spent + (books.topped ?? 0) });
      expect(budget.reload().snapshot()).toEqual(budget.snapshot());
    });
  }

  it('keeps its top-up in every answer, live and closed', () => {
    const { budget, lease } = granted();
    expect(budget.lease(lease).topUpId).toBe('a');
    budget.release(lease, 1);
    budget.writeOut().reload();
    expect(budget.lease(lease).topUpId).toBe('a');
  });

  it.each([
    ['more than it has left', (_: TestBudget) => {}, 1_001, false],
    [
      'it has ended',
      (budget: TestBudget) => budget.do({ kind: 'end-top-up', topUpId: 'a', reason: '' }),
      401,
      true,
    ],
    ['its time is over', (budget: TestBudget) => budget.at('2026-11-13T00:10:00Z'), 401, true],
    ['the budget is paused', (budget: TestBudget) => budget.do({ kind: 'pause', reason: '' }), 401, false],
  ] as const)('is not raised: %s', (_what, does, reserveTokens, permanent) => {
    const budget = new TestBudget({ ...FULL, leaseTtlMs: HOUR_MS }, '2026-11-13T00:00:00Z');
    budget.do(overCaps('a', 1_000, FRIDAY + HOUR_MS / 6));
    const lease = budget.grant('x', 400);
    does(budget);
    const outcome = budget.do<'renewed'>({ kind: 'renew', lease, reserveTokens });
    expect(outcome).toMatchObject({ lease: { reservedTokens: 400 }, raiseDenied: { permanent } });
  });

  it('is not raised beyond its top-up on trial either: what it reserves counts nowhere else', () => {
    const { budget, lease } = granted();
    budget.do({ kind: 'put-policy', fields: { ...FULL, mode: 'OBSERVE' } });
    expect(budget.do({ kind: 'renew', lease, reserveTokens: 1_001 })).toMatchObject({
      lease: { reservedTokens: 400 },
      raiseDenied: { blockers: [{ message: expect.stringContaining('the top-up a') }] },
    });
  });

  it('one that was granted from the caps is not raised from a top-up', () => {
    const budget = new TestBudget(FULL);
    const lease = budget.grant('x', 1);
    budget.do(overCaps('a', 1_000, FRIDAY));
    expect(budget.do({ kind: 'renew', lease, reserveTokens: 2 })).toMatchObject({
      raiseDenied: { blockers: [{ rule: 'HOURLY_CAP' }] },
    });
  });
});

describe('a top-up that has ended', () => {
  it.each<[string, (budget: TestBudget) => void, number]>([
    ['no lease was granted from it', (_: TestBudget) => {}, 0],
    ['a lease is closed', (budget: TestBudget) => budget.release(budget.grant('x', 10), 5), 0],
    ['a lease expires', (budget: TestBudget) => void budget.grant('x', 10), 120_000 + HOUR_MS],
    [
      'a lease lives on',
      (budget: TestBudget) => void budget.grant('x', 10, { leaseTtlMs: 600_000 }),
      600_000 + HOUR_MS,
    ],
  ])('leaves the state at once, or when the grace is over: %s', (_what, does, after) => {
    const budget = new TestBudget(FULL);
    budget.do(overCaps('a', 1_000, FRIDAY));
    does(budget);
    const ended = budget.now;
    budget.do({ kind: 'end-top-up', topUpId: 'a', reason: '' });
    for (const wake of wakesUntil(budget, ended + after - 1)) {
      budget.now = wake;
      budget.do({ kind: 'sweep' });
      expect([...budget.state.tables.topUps.keys()]).toEqual(after === 0 ? [] : ['a']);
    }
    budget.now = ended + after;
    budget.do({ kind: 'sweep' });
    expect(budget.state.tables.topUps.size).toBe(0);
  });

  it('wakes somebody to let it leave', () => {
    const budget = new TestBudget(FULL);
    budget.do(overCaps('a', 1_000, FRIDAY));
    budget.writeOut();
    expect(budget.state.wakeAt).toBe(FRIDAY);
    budget.at('2026-11-13T00:00:00Z').do({ kind: 'sweep' });
    expect(budget.state.tables.topUps.size).toBe(0);
    expect(budget.state.wakeAt).toBeUndefined();
  });
});

describe('an adjustment downwards', () => {
  it.each([
    ['what is not topped first', -60, {}, 40, 300],
    ['then what is', -250, {}, 0, 150],
    ["an AI's", -160, { aiId: 'x' }, 0, 240],
    ['of the model that is presumed', -320, { model: '(unknown)' }, 100, 80],
  ] as const)('takes %s', (_what, tokens, about, spent, topped) => {
    const { budget, lease } = granted();
    budget.record(lease, 80);
    // 100 in the windows, 80 topped and reported, 320 topped and presumed; of that 100 are freed.
    budget.do({
      kind: 'adjust',
      adjustmentId: 'more',
      tokens: 100,
      reason: 'r',
      fingerprint: '',
      aiId: 'x',
      model: 'm',
    });
    budget.pass(121_000);
    if (about !== undefined && 'model' in about) {
      expect(adjusted(budget, tokens, about)).toMatchObject({ kind: 'adjusted' });
      expect(figuresOf(budget.window('DAY'))).toEqual([spent, 0, topped]);
      return;
    }
    budget.record(lease, 220);
    budget.release(lease);
    expect(adjusted(budget, tokens, about)).toMatchObject({ kind: 'adjusted' });
    expect(figuresOf(budget.window('DAY'))).toEqual([spent, 0, topped]);
    expect(figuresOf(budget.window('MONTH'))).toEqual([spent, 0, topped]);
    expect(figuresOf(budget.window('HOUR'))).toEqual([spent, 0, topped]);
  });
});

describe('topped tokens', () => {
  it('stay with their day, its hours, AIs and models when it leaves the state and comes back', () => {
    const { budget, lease } = granted();
    budget.record(lease, 300, 'u', 'gpt');
    budget.release(lease);
    budget.pass(DAY_MS).do({ kind: 'sweep' });
    budget.writeOut();
    expect(budget.state.tables.days.has('2026-11-10')).toBe(false);
    const document = budget.documents.get('1 2026-11-10');
    expect(document).toMatchObject({ topped: 300, hours: [{ tokens: 300, topped: 300 }] });
    expect([document?.toppedAis, document?.toppedModels]).toEqual([
      new Map([['x', 300]]),
      new Map([['gpt', 300]]),
    ]);
    adjusted(budget, 5, { day: '2026-11-10' });
    expect(budget.snapshot().openDays.find(({ day }) => day === '2026-11-10')).toMatchObject({
      ...{ total: 305, topped: 300, toppedAis: new Map([['x', 300]]), toppedModels: new Map([['gpt', 300]]) },
    });
    expect(figuresOf(budget.window('MONTH'))).toEqual([5, 0, 300]);
  });

  it('are those of the month that is entered', () => {
    const { budget, lease } = granted();
    budget.release(lease, 300);
    budget.at('2026-12-02T00:00:00Z').do({ kind: 'sweep' });
    expect(figuresOf(budget.window('MONTH'))).toEqual([0, 0, 0]);
    budget.writeOut().at('2026-11-20T00:00:00Z').do({ kind: 'reset-clock' });
    expect(figuresOf(budget.window('MONTH'))).toEqual([0, 0, 300]);
  });

  it('of an AI do not count against its cap', () => {
    const budget = new TestBudget({ ...FULL, maxHourlyPercent: 100, maxDailyPercentByAi: [['x', 0.01]] });
    budget.do(overCaps('a', 1_000, FRIDAY, { aiId: 'x' }));
    const lease = budget.grant('x', 400);
    expect(lease.view.topUpId).toBe('a');
    budget.record(lease, 400);
    expect(budget.grant('x', 100).view.topUpId).toBeUndefined();
  });
});

function granted(policy: PolicyFields = FULL): { budget: TestBudget; lease: LeaseRef } {
  const budget = new TestBudget(policy);
  budget.do(overCaps('a', 1_000, FRIDAY));
  const lease = budget.grant('x', 400);
  expect(lease.view.topUpId).toBe('a');
  return { budget, lease };
}

function figuresOf({ spent, reserved, topped }: WindowStatus): number[] {
  return [spent, reserved, topped];
}

function adjusted(budget: TestBudget, tokens: number, about: object) {
  return budget.do({
    kind: 'adjust',
    adjustmentId: `by ${tokens}`,
    tokens,
    reason: 'r',
    fingerprint: '',
    ...about,
  });
}

/** The moments at which the store would wake somebody, up to this one. */
function* wakesUntil(budget: TestBudget, end: number): Iterable<number> {
  while ((budget.state.wakeAt ?? end + 1) <= end) {
    budget.writeOut();
    const at = budget.state.wakeAt;
    if (at === undefined || at > end) return;
    yield Math.max(at, budget.now);
  }
}
