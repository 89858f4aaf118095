import { describe, expect, it } from 'vitest';
import type { PolicyFields } from '../../../src/domain/model/policy.js';
import { ROOMY, TestBudget } from '../../support/budget.js';
import { largerMonth } from '../../support/top-ups.js';

const IN_USD: PolicyFields = { ...ROOMY, unit: 'USD', minReservation: 1_000 };
const put = (budget: TestBudget, fields: PolicyFields, validateOnly = false) =>
  budget.do({ kind: 'put-policy', fields, validateOnly });
const adjust = (budget: TestBudget, tokens: number, day: string) =>
  budget.do({ kind: 'adjust', adjustmentId: `${day} ${tokens}`, tokens, day, reason: 'x', fingerprint: '' });
const refusedFor = (month?: string) => ({
  refusal: { reason: 'UNIT_IN_USE', unit: 'tokens', asked: 'USD', ...(month === undefined ? {} : { month }) },
});

describe('a budget may count in another unit', () => {
  it.each<[string, (budget: TestBudget) => void]>([
    ['that was never used', () => {}],
    ['whose slot was given back without usage', (budget) => budget.release(budget.grant('a', 100))],
    [
      'whose days without usage are written out',
      (budget) => {
        budget.release(budget.grant('a', 100));
        budget.at('2026-12-03T00:00:00Z').writeOut().writeOut().reload();
      },
    ],
    [
      'whose usage was taken back',
      (budget) => {
        budget.release(budget.grant('a', 100), 100);
        adjust(budget, -100, '2026-11-10');
      },
    ],
    [
      'whose usage is older than the retention',
      (budget) => {
        budget.retentionMonths = 2;
        budget.release(budget.grant('a', 100), 100);
        budget.at('2027-02-01T00:00:00Z').writeOut().writeOut();
      },
    ],
  ])('%s', (_, use) => {
    const budget = new TestBudget(ROOMY);
    use(budget);
    expect(put(budget, IN_USD, true)).toMatchObject({ kind: 'budget' });
    expect(put(budget, IN_USD)).toMatchObject({ budget: { policy: { unit: 'USD' } } });
    for (const { unit } of budget.snapshot().openDays) expect(unit).toBe('USD');
  });
});

describe('a budget keeps its unit', () => {
  it.each<[string, string | undefined, (budget: TestBudget) => void]>([
    ['while a lease lives', undefined, (budget) => budget.grant('a', 100)],
    ['while there is a top-up', undefined, (budget) => budget.do(largerMonth('more', 5_000))],
    ['this month has usage', '2026-11', (budget) => budget.release(budget.grant('a', 100), 100)],
    [
      'something is presumed',
      '2026-11',
      (budget) => {
        budget.grant('a', 100, { leaseTtlMs: 1_000 });
        budget.pass(1_000).do({ kind: 'sweep' });
      },
    ],
    [
      'a month that is written out has usage',
      '2026-11',
      (budget) => {
        budget.release(budget.grant('a', 100), 100);
        budget.at('2027-01-31T00:00:00Z').writeOut().writeOut().reload();
      },
    ],
    [
      'the first month of the retention has usage',
      '2026-11',
      (budget) => {
        budget.retentionMonths = 2;
        budget.release(budget.grant('a', 100), 100);
        budget.at('2027-01-31T00:00:00Z').writeOut().writeOut();
      },
    ],
    [
      'usage was brought in from before it was made',
      '2026-09',
      (budget) => {
        budget.retentionMonths = 24;
        adjust(budget, 7, '2026-09-05');
        budget.writeOut().writeOut();
      },
    ],
  ])('where %s', (_, month, use) => {
    const budget = new TestBudget(ROOMY);
    use(budget);
    const { revision } = budget.state;
    expect(put(budget, IN_USD, true)).toMatchObject(refusedFor(month));
    expect(put(budget, IN_USD)).toMatchObject(refusedFor(month));
    expect(put(budget, { ...ROOMY, monthlyLimit: 9_000 })).toMatchObject({ kind: 'budget' });
    expect(budget.state.revision).toBe(revision + 1);
  });

  it('and its usage documents carry it, through all that happens to a day', () => {
    const budget = new TestBudget(IN_USD);
    budget.release(budget.grant('a', 100), 100);
    budget.at('2026-11-12T10:00:00Z').writeOut().writeOut().reload();
    adjust(budget, -40, '2026-11-10');
    expect(budget.snapshot().openDays).toMatchObject([{ day: '2026-11-10', unit: 'USD', total: 60 }]);
    budget.do({ kind: 'delete-budget', force: true });
    budget.reload().writeOut();
    expect(budget.documents.get('1 2026-11-10')).toMatchObject({ unit: 'USD', total: 60 });
  });
});

describe('under a currency', () => {
  const tight: PolicyFields = { ...IN_USD, monthlyLimit: 1_240_000, maxRequestTokens: 800_000 };

  it('denials are in money', () => {
    const budget = new TestBudget({ ...tight, emergencyPercent: 90 });
    budget.release(budget.grant('a', 700_000), 700_000);
    const [size, month] = budget
      .deny('b', 900_000)
      .blockers.filter(({ rule }) => rule !== 'HOURLY_CAP' && rule !== 'DAILY_CAP');
    expect(size?.message).toBe('one request may reserve at most $0.80, not $0.90: ask for less');
    expect(month?.message).toBe(
      'this month: $0.70 spent + $0.00 reserved + $0.90 requested is above the cap of $1.24',
    );
    budget.record(budget.grant('a', 500_000), 500_000);
    const [emergency] = budget.deny('b', 1).blockers;
    expect(emergency?.message).toMatch(/^\$1\.20 of \$1\.24 are spent, 90% or more/);
  });

  it('alerts are in money, and say of which currency their figures are', () => {
    const budget = new TestBudget({ ...tight, warningPercent: 50 });
    budget.record(budget.grant('a', 500_000), 700_000);
    const alerts = new Map(budget.snapshot().alerts.map((alert) => [alert.rule, alert]));
    expect(alerts.get('WARNING')).toMatchObject({ value: 700_000, threshold: 620_000, unit: 'USD' });
    expect(alerts.get('WARNING')?.message).toMatch(/^\$0\.70 of \$1\.24 of 2026-11 are spent, 56\.4%/);
    expect(alerts.get('OVERRUN')?.message).toMatch(
      /^a spent \$0\.70 on a lease that had reserved \$0\.50 .*: \$0\.20 more/,
    );
    expect(alerts.get('OVERRUN')).toMatchObject({ unit: 'USD' });
    for (const { message } of alerts.values()) expect(message).not.toMatch(/tokens/);
  });
});
