import { describe, expect, it } from 'vitest';
import { MAX_AIS, MAX_MODELS } from '../../../../src/domain/model/limits.js';
import { UNKNOWN } from '../../../../src/domain/model/types.js';
import { ROOMY, TestBudget } from '../../../support/budget.js';
import { usage } from '../../../support/requests.js';

const budgetWith = (policy = {}) => new TestBudget({ ...ROOMY, ...policy });

describe('a report', () => {
  it('within the reservation counts in the windows of the grant', () => {
    const budget = budgetWith().at('2026-11-10T09:59:00Z');
    const lease = budget.grant('a', 100);
    budget.at('2026-11-10T10:00:30Z');
    expect(budget.record(lease, 60)).toMatchObject({ chargedTokens: 60, overrunTokens: 0, late: false });
    expect(budget.window('HOUR')).toMatchObject({ spent: 0, reserved: 0 });
    expect(budget.window('DAY')).toMatchObject({ spent: 60, reserved: 40 });
  });

  it('above the reservation counts the overrun in the windows of the report, and closes what it overfills', () => {
    const budget = budgetWith({ maxHourlyPercent: 1 }).at('2026-11-10T09:59:00Z');
    const lease = budget.grant('a', 100);
    budget.at('2026-11-10T10:00:30Z');
    expect(budget.record(lease, 10_500)).toMatchObject({ chargedTokens: 10_500, overrunTokens: 10_400 });
    expect(budget.window('HOUR')).toMatchObject({ spent: 10_400, cap: 10_000, available: 0 });
    expect(budget.window('DAY')).toMatchObject({ spent: 10_500 });
    expect(budget.snapshot().alerts.map(({ rule }) => rule)).toContain('OVERRUN');
  });

  it('is booked once, on whatever it is reported again', () => {
    const budget = budgetWith();
    const lease = budget.grant('a', 100);
    budget.record(lease, 60, 'call-1');
    expect(budget.record(lease, 60, 'call-1')).toMatchObject({ chargedTokens: 60, replayed: true });
    budget.writeOut().reload();
    expect(budget.record(lease, 60, 'call-1')).toMatchObject({ chargedTokens: 60, replayed: true });
    const next = budget.grant('a', 100);
    expect(budget.record(next, 60, 'call-1')).toMatchObject({ replayed: true });
    const unleased = { kind: 'record-unleased', aiId: 'a', usage: usage('call-1', 60) } as const;
    expect(budget.do(unleased)).toMatchObject({ chargedTokens: 60, replayed: true });
    expect(budget.do({ kind: 'release', lease, usage: usage('call-1', 60) })).toMatchObject({
      usedTokens: 60,
    });
    expect(budget.window('DAY').spent).toBe(60);
  });

  it('with the same id and other content is ID_REUSED; another AI may use the id', () => {
    const budget = budgetWith();
    const lease = budget.grant('a', 100);
    budget.record(lease, 60, 'call-1');
    expect(budget.record(lease, 61, 'call-1')).toMatchObject({
      refusal: { reason: 'ID_REUSED', id: 'call-1' },
    });
    expect(budget.record(budget.grant('b', 100), 61, 'call-1')).toMatchObject({ chargedTokens: 61 });
  });

  it('above max_report_tokens is taken for a mistake, and may be split', () => {
    const budget = budgetWith({ maxReportTokens: 500 });
    const lease = budget.grant('a', 100);
    expect(budget.record(lease, 501)).toMatchObject({
      refusal: { reason: 'REPORT_TOO_LARGE', charge: 501, limit: 500, unit: 'tokens' },
    });
    budget.record(lease, 500);
    budget.record(lease, 1);
  });

  it('that would leave safe integers is refused by name', () => {
    const budget = budgetWith({ monthlyLimit: 1e12 });
    const adjust = (adjustmentId: string, tokens: number) =>
      budget.do({ kind: 'adjust', adjustmentId, tokens, reason: 'x', fingerprint: adjustmentId });
    for (let at = 0; at < 9_007; at += 1) adjust(`a${at}`, 1e12);
    expect(adjust('last', 1e12)).toMatchObject({ refusal: { reason: 'AMOUNT_OVERFLOW' } });
    const report = { kind: 'record-unleased', aiId: 'a', usage: usage('u', 1e12) } as const;
    expect(budget.do(report)).toMatchObject({ refusal: { reason: 'AMOUNT_OVERFLOW' } });
  });

  it('rounds up once, on the cumulative sum of the lease', () => {
    const budget = budgetWith({ tokenWeights: { total: 33.3 } });
    const lease = budget.grant('a', 100);
    const charged = [10, 10, 10].map((tokens) => budget.record(lease, tokens).chargedTokens);
    expect(charged).toEqual([4, 3, 3]); // 3.33, 6.66, 9.99
    expect(budget.lease(lease).usedTokens).toBe(10);
  });

  it('counts each kind of token by its weight, of its model first', () => {
    const budget = budgetWith({
      tokenWeights: { input: 50, output: 200 },
      tokenWeightsByModel: [['cheap', { output: 10 }]],
    });
    const lease = budget.grant('a', 1_000);
    const report = (usageId: string, model: string) => ({
      ...usage(usageId, 0, model),
      tokens: { input: 100, output: 100, cacheRead: 0, cacheWrite: 0, reasoning: 0, total: 0 },
    });
    expect(budget.do({ kind: 'record', lease, usage: report('1', 'dear') })).toMatchObject({
      chargedTokens: 250,
    });
    expect(budget.do({ kind: 'record', lease, usage: report('2', 'cheap') })).toMatchObject({
      chargedTokens: 60,
    });
  });
});

describe('a lease that expires', () => {
  const expired = (onExpiry: 'CHARGE' | 'REFUND') => {
    const budget = budgetWith({ onExpiry, lateReportGraceMs: 60_000 });
    const lease = budget.grant('a', 100, { leaseTtlMs: 10_000 });
    budget.record(lease, 30);
    budget.pass(10_000).do({ kind: 'sweep' });
    return { budget, lease };
  };

  it('is over at expires_at, and frees its slot at once', () => {
    const budget = budgetWith({ maxConcurrent: 1 });
    budget.grant('a', 100, { leaseTtlMs: 10_000 });
    budget.pass(9_999).deny('b', 1);
    budget.pass(1).grant('b', 1);
  });

  it.each([
    ['CHARGE', 100, 70],
    ['REFUND', 30, 0],
  ] as const)('under %s leaves %i spent, %i of them presumed', (onExpiry, spent, presumed) => {
    const { budget, lease } = expired(onExpiry);
    expect(budget.window('DAY')).toMatchObject({ spent, reserved: 0 });
    expect(budget.lease(lease)).toMatchObject({
      status: 'EXPIRED',
      usedTokens: 30,
      presumedTokens: presumed,
    });
    expect(budget.snapshot().monthModels.get(UNKNOWN) ?? 0).toBe(presumed);
    expect(budget.snapshot().alerts.map(({ rule }) => rule)).toContain('LEASE_EXPIRED');
  });

  it('takes late reports out of what was presumed; only the excess is new', () => {
    const { budget, lease } = expired('CHARGE');
    budget.writeOut().reload();
    expect(budget.record(lease, 50)).toMatchObject({ chargedTokens: 50, overrunTokens: 0, late: true });
    expect(budget.window('DAY').spent).toBe(100);
    expect(budget.record(lease, 50)).toMatchObject({ chargedTokens: 50, overrunTokens: 30, late: true });
    expect(budget.window('DAY').spent).toBe(130);
    expect(budget.lease(lease)).toMatchObject({ usedTokens: 130, presumedTokens: 0 });
    expect(budget.state.tables.days.get('2026-11-10')).toMatchObject({ presumed: 0, late: 30 });
  });

  it('under REFUND counts a late report in the windows of the report', () => {
    const { budget, lease } = expired('REFUND');
    expect(budget.record(lease, 50)).toMatchObject({ chargedTokens: 50, overrunTokens: 0, late: true });
    expect(budget.state.tables.days.get('2026-11-10')).toMatchObject({ total: 80, late: 50 });
  });

  it('within the grace a release frees what is still presumed', () => {
    const { budget, lease } = expired('CHARGE');
    budget.pass(59_999);
    expect(budget.release(lease, 20)).toMatchObject({ usedTokens: 50, freedTokens: 50, replayed: false });
    expect(budget.window('DAY').spent).toBe(50);
  });

  it('after the grace a release books its usage and frees nothing; without usage it is refused', () => {
    const { budget, lease } = expired('CHARGE');
    budget.pass(60_000).writeOut().reload();
    expect(budget.release(lease)).toMatchObject({ refusal: { reason: 'LEASE_CLOSED' } });
    expect(budget.release(lease, 20)).toMatchObject({ usedTokens: 50, freedTokens: 0 });
    expect(budget.window('DAY').spent).toBe(100);
  });

  it('keeps its day in the state until nothing can be freed in it any more', () => {
    const budget = budgetWith({ lateReportGraceMs: 3_600_000 }).at('2026-11-10T23:59:55Z');
    const lease = budget.grant('a', 100, { leaseTtlMs: 10_000 });
    budget.at('2026-11-11T00:30:00Z').writeOut().writeOut();
    expect(budget.release(lease)).toMatchObject({ freedTokens: 100 });
    budget.writeOut().at('2026-11-11T01:01:00Z').writeOut();
    expect([...budget.state.tables.days.keys()]).toEqual([]);
    expect(budget.documents.get('1 2026-11-10')).toMatchObject({ total: 0, presumed: 0 });
  });

  it('is known for 7 days', () => {
    const { budget, lease } = expired('CHARGE');
    budget.writeOut().pass(7 * 86_400_000 - 1);
    expect(budget.record(lease, 1)).toMatchObject({ late: true });
    budget.writeOut().pass(1).reload();
    expect(budget.record(lease, 1)).toMatchObject({ refusal: { reason: 'LEASE_NOT_FOUND' } });
  });
});

describe('a release', () => {
  it('frees what was not used, and repeated gives the first answer', () => {
    const budget = budgetWith();
    const lease = budget.grant('a', 100);
    const request = { kind: 'release', lease, usage: usage('u', 60) } as const;
    const { booked, ...first } = budget.do<'released'>(request);
    expect(first).toMatchObject({ usedTokens: 60, freedTokens: 40, overrunTokens: 0, replayed: false });
    expect(booked).toEqual({ aiId: 'a', chargedTokens: 60, late: false });
    budget.writeOut().reload();
    expect(budget.do(request)).toEqual({ ...first, replayed: true });
    expect(budget.window('DAY')).toMatchObject({ spent: 60, reserved: 0 });
  });

  it('repeated with other usage, with usage or without is ID_REUSED', () => {
    const budget = budgetWith();
    const bare = budget.grant('a', 100);
    budget.release(bare);
    expect(budget.release(bare, 10)).toMatchObject({ refusal: { reason: 'ID_REUSED', id: bare.leaseId } });
    const full = budget.grant('a', 100);
    budget.release(full, 10);
    expect(budget.release(full)).toMatchObject({ refusal: { reason: 'ID_REUSED' } });
    expect(budget.release(full, 11)).toMatchObject({ refusal: { reason: 'ID_REUSED' } });
  });

  it('takes later reports all the same, flagged late', () => {
    const budget = budgetWith();
    const lease = budget.grant('a', 100);
    budget.release(lease, 60);
    expect(budget.record(lease, 30)).toMatchObject({ chargedTokens: 30, overrunTokens: 0, late: true });
    expect(budget.window('DAY').spent).toBe(90);
  });
});

it('a revoked lease is one that expired now; of a closed one nothing changes', () => {
  const budget = budgetWith();
  const lease = budget.grant('a', 100);
  const revoke = { kind: 'revoke', lease, reason: '' } as const;
  expect(budget.do(revoke)).toMatchObject({ lease: { status: 'REVOKED', presumedTokens: 100 } });
  const before = budget.state.revision;
  expect(budget.do(revoke)).toMatchObject({
    kind: 'revoked',
    before: { status: 'REVOKED' },
    lease: { status: 'REVOKED' },
  });
  expect(budget.state.revision).toBe(before);
});

it('what live leases may still come to can always be counted', () => {
  const budget = budgetWith({ monthlyLimit: 1e12 });
  budget.grant('a', 1e12, { leaseTtlMs: 1_000 });
  const adjust = (adjustmentId: string, tokens: number) =>
    budget.do({ kind: 'adjust', adjustmentId, tokens, reason: 'x', fingerprint: adjustmentId });
  expect(adjust('1', 2 ** 53 - 1)).toMatchObject({ refusal: { reason: 'AMOUNT_OVERFLOW' } });
  adjust('2', 2 ** 53 - 1 - 1e12);
  budget.pass(1_000);
  expect(budget.window('MONTH').spent).toBe(2 ** 53 - 1);
});

it('what stands under (other) in a day does so in its month, from where it can be taken back', () => {
  const budget = budgetWith({ monthlyLimit: 1e9 });
  const report = (usageId: string, tokens: number, model: string) =>
    budget.do({ kind: 'record-unleased', aiId: 'a', usage: usage(usageId, tokens, model) });
  report('first', 5, 'late-comer');
  budget.pass(86_400_000);
  for (let at = 0; at < 500; at += 1) report(`u${at}`, 1, `model-${at}`);
  report('last', 1_000, 'late-comer');
  const take = { adjustmentId: 'x', tokens: -1_000, reason: '', fingerprint: '' };
  budget.do({ kind: 'adjust', ...take });
  const { monthModels } = budget.snapshot();
  expect(Math.min(...monthModels.values())).toBeGreaterThanOrEqual(0);
  expect(monthModels.get('late-comer')).toBe(5);
});

it('AIs and models beyond the bounds of a day stand under (other)', () => {
  const budget = budgetWith({ monthlyLimit: 1e9 });
  for (let at = 0; at < MAX_AIS + 2; at += 1) {
    const report = usage(`u${at}`, 1, `model-${Math.min(at, MAX_MODELS + 1)}`);
    budget.do({ kind: 'record-unleased', aiId: `ai-${at}`, usage: report });
  }
  const { monthAis, monthModels, openDays } = budget.snapshot();
  expect(monthAis.size).toBe(MAX_AIS + 1);
  for (const ais of [monthAis, openDays[0]?.ais]) expect(ais?.get('(other)')).toBe(2);
  for (const models of [monthModels, openDays[0]?.models]) {
    expect(models?.get('(other)')).toBe(MAX_AIS + 2 - MAX_MODELS);
  }
});
