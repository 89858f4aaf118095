import { describe, expect, it } from 'vitest';
import { decide } from '../../../../src/domain/decide.js';
import { ROOMY, TestBudget } from '../../../support/budget.js';

const budgetWith = (policy = {}) => new TestBudget({ ...ROOMY, ...policy });

describe('AdjustUsage', () => {
  const adjust = (budget: TestBudget, tokens: number, more: object = {}) =>
    budget.do({
      kind: 'adjust',
      adjustmentId: `${tokens}`,
      tokens,
      reason: 'x',
      fingerprint: `${tokens}`,
      ...more,
    });

  it('adds and takes away today, once per id', () => {
    const budget = budgetWith();
    budget.release(budget.grant('a', 100), 100);
    expect(adjust(budget, 50)).toMatchObject({ day: '2026-11-10', dayTotal: 150, replayed: false });
    expect(adjust(budget, -120)).toMatchObject({ dayTotal: 30 });
    budget.writeOut().reload();
    expect(adjust(budget, 50)).toMatchObject({ dayTotal: 150, replayed: true });
    expect(adjust(budget, 50, { fingerprint: 'other' })).toMatchObject({
      refusal: { reason: 'ID_REUSED', id: '50' },
    });
    expect(budget.window('MONTH').spent).toBe(30);
  });

  it.each([
    ['UTC', '2026-11-30T23:00:00Z', '2026-10-01'],
    ['Pacific/Pago_Pago', '2026-12-01T07:00:00Z', '2026-10-01'],
    ['Pacific/Kiritimati', '2026-11-30T12:00:00Z', '2026-11-01'],
    ['UTC', '2027-01-01T00:00:00Z', '2026-12-01'],
  ])(
    'is taken for the months that are kept by the calendar of %s at %s: from %s on',
    (timeZone, at, first) => {
      const budget = new TestBudget({ ...ROOMY, timeZone }, at);
      const evidence = { receipts: new Map([['1:a:x', undefined]]), days: new Map() };
      const early = new Date(Date.parse(first) - 1).toISOString().slice(0, 10);
      const ask = (day: string) =>
        decide(
          budget.state,
          { kind: 'adjust', adjustmentId: 'x', tokens: -1, reason: 'x', fingerprint: '', day },
          {
            ...{ time: budget.now, maxSkewMs: 2_000, retentionMonths: 1 },
            evidence: { ...evidence, days: new Map([[day, undefined]]) },
          },
        );
      expect(ask(first)).toMatchObject({ refusal: { reason: 'BELOW_ZERO' } });
      expect(ask(early)).toMatchObject({ refusal: { reason: 'INVALID_FIELD' } });
    },
  );

  it('never goes below zero: not the day, not the AI, not the model', () => {
    const budget = budgetWith();
    budget.record(budget.grant('a', 100), 100, 'u1', 'm');
    expect(adjust(budget, -101)).toMatchObject({ refusal: { reason: 'BELOW_ZERO', available: 100 } });
    expect(adjust(budget, -1, { aiId: 'b' })).toMatchObject({
      refusal: { reason: 'BELOW_ZERO', available: 0 },
    });
    expect(adjust(budget, -1, { model: 'n' })).toMatchObject({
      refusal: { reason: 'BELOW_ZERO', available: 0 },
    });
    expect(adjust(budget, -100, { aiId: 'a', model: 'm' })).toMatchObject({ dayTotal: 0 });
  });

  it('brings a closed day back with the month that it belongs to', () => {
    const budget = budgetWith();
    budget.release(budget.grant('a', 100), 100);
    budget.at('2026-11-12T10:00:00Z').writeOut().writeOut().reload();
    expect(budget.state.tables.days.has('2026-11-10')).toBe(false);
    expect(adjust(budget, -40, { day: '2026-11-10' })).toMatchObject({ day: '2026-11-10', dayTotal: 60 });
    expect(budget.window('MONTH').spent).toBe(60);
    expect(adjust(budget, 7, { day: '2026-10-30' })).toMatchObject({ day: '2026-10-30', dayTotal: 7 });
    expect(budget.window('MONTH').spent).toBe(60);
    budget.writeOut().writeOut();
    expect(budget.documents.get('1 2026-11-10')).toMatchObject({ total: 60 });
    expect(budget.documents.get('1 2026-10-30')).toMatchObject({ total: 7 });
    expect([...budget.state.tables.days.keys()]).toEqual([]);
  });

  it('that is refused brings no day back, and begins none', () => {
    const budget = budgetWith({ monthlyLimit: 1e12 });
    budget.record(budget.grant('a', 100), 100, 'u1', 'm');
    budget.at('2026-11-12T10:00:00Z').writeOut().writeOut();
    const { revision } = budget.state;
    for (const refused of [{ aiId: 'b' }, { model: 'n' }, { aiId: 'a', tokens: -101 }]) {
      expect(adjust(budget, -1, { day: '2026-11-10', ...refused })).toMatchObject({
        refusal: { reason: 'BELOW_ZERO' },
      });
    }
    expect(adjust(budget, 2 ** 53 - 100, { day: '2026-10-01' })).toMatchObject({
      refusal: { reason: 'AMOUNT_OVERFLOW' },
    });
    expect([...budget.state.tables.days.keys()]).toEqual([]);
    expect(budget.state.revision).toBe(revision);
    expect(adjust(budget, -1, { day: '2026-11-10', aiId: 'a', model: 'm' })).toMatchObject({ dayTotal: 99 });
  });

  it('takes from those with the most, and from the latest hours, so that every sum stays', () => {
    const budget = budgetWith().at('2026-11-10T09:20:00Z');
    budget.record(budget.grant('a', 100), 100, 'u1', 'm');
    budget.at('2026-11-10T10:00:00Z').record(budget.grant('b', 60), 60, 'u2', 'n');
    adjust(budget, -70);
    const [day] = budget.snapshot().openDays;
    expect(day?.hours.map(({ tokens }) => tokens)).toEqual([90, 0]);
    expect(Object.fromEntries(day?.ais ?? [])).toEqual({ a: 30, b: 60 });
    expect(Object.fromEntries(day?.models ?? [])).toEqual({ m: 30, n: 60 });
    expect(Object.fromEntries(budget.snapshot().monthAis)).toEqual({ a: 30, b: 60 });
  });

  it('of an AI takes what is presumed of it first; a release then frees what still is', () => {
    const budget = budgetWith();
    const lease = budget.grant('a', 100, { leaseTtlMs: 1_000 });
    budget.pass(1_000).do({ kind: 'sweep' });
    adjust(budget, 50, { aiId: 'a' });
    adjust(budget, -60, { aiId: 'a' });
    expect(budget.state.tables.days.get('2026-11-10')).toMatchObject({ total: 90, presumed: 40 });
    expect(budget.release(lease)).toMatchObject({ freedTokens: 40 });
    expect(budget.window('DAY').spent).toBe(50);
  });

  it('refuses a day to come', () => {
    expect(adjust(budgetWith(), 1, { day: '2026-11-11' })).toMatchObject({
      refusal: { reason: 'INVALID_FIELD' },
    });
  });
});

describe('time', () => {
  it('turns the month: caps are fresh, cooldowns are not', () => {
    const budget = budgetWith({ cooldownMs: 3_600_000 }).at('2026-11-30T23:50:00Z');
    budget.release(budget.grant('a', 900_000), 900_000);
    budget.at('2026-12-01T00:10:00Z');
    expect(budget.window('MONTH')).toMatchObject({ spent: 0 });
    expect(budget.deny('a', 1).blockers.map(({ rule }) => rule)).toEqual(['COOLDOWN']);
    budget.grant('b', 900_000);
  });

  it('a lease over the end of the month is settled in the month of its grant', () => {
    const budget = budgetWith().at('2026-11-30T23:59:00Z');
    const lease = budget.grant('a', 100);
    budget.at('2026-12-01T00:00:30Z');
    expect(budget.record(lease, 130)).toMatchObject({ overrunTokens: 30 });
    budget.release(lease);
    expect(budget.window('MONTH')).toMatchObject({ spent: 30, reserved: 0 });
    budget.writeOut();
    expect(budget.documents.get('1 2026-11-30')).toMatchObject({ total: 100 });
  });

  it('a day of 25 hours has one hour twice', () => {
    const budget = new TestBudget({ ...ROOMY, timeZone: 'Europe/Berlin' }, '2026-10-25T00:30:00Z');
    budget.release(budget.grant('a', 10), 10);
    budget.at('2026-10-25T01:30:00Z').release(budget.grant('a', 20), 20);
    const [today] = budget.snapshot().openDays;
    expect(today?.hours.map(({ tokens }) => tokens)).toEqual([10, 20]);
    expect((today?.end ?? 0) - (today?.start ?? 0)).toBe(25 * 3_600_000);
  });

  it('never goes back by itself', () => {
    const budget = budgetWith();
    const before = budget.snapshot().now;
    budget.pass(-1_500);
    expect(budget.snapshot().now).toBe(before);
    budget.grant('a', 1);
    budget.pass(-5_000);
    expect(budget.acquire('b')).toMatchObject({ refusal: { reason: 'CLOCK_NOT_TRUSTED' } });
  });

  it('that ran ahead is reset: leases, cooldowns and the month come back', () => {
    const budget = budgetWith({ cooldownMs: 600_000 });
    budget.release(budget.grant('a', 100), 100);
    budget.writeOut();
    const right = budget.now;
    budget.at('2026-12-20T00:00:00Z');
    const wrong = budget.grant('b', 50);
    budget.writeOut().writeOut();
    budget.now = right + 1_000;
    expect(budget.reload().acquire('c')).toMatchObject({ refusal: { reason: 'CLOCK_NOT_TRUSTED' } });
    expect(budget.do({ kind: 'reset-clock' })).toMatchObject({ after: right + 1_000 });
    expect(budget.window('MONTH')).toMatchObject({ spent: 100, reserved: 0 });
    expect(budget.lease(wrong).expiresAt).toBe(right + 1_000 + 120_000);
    expect(budget.deny('b', 1).availableAt).toBe(right + 1_000 + 600_000);
    budget.at('2026-12-21T00:00:00Z').do({ kind: 'sweep' });
    expect(budget.window('MONTH')).toMatchObject({ spent: 50 });
  });

  it('that ran ahead is reset: a request of that time is known while its receipt is, and then is a new one', () => {
    const budget = budgetWith();
    const right = budget.now;
    budget.at('2026-11-20T09:10:00Z');
    const closed = budget.grant('a', 50, { requestId: 'closed' });
    budget.release(closed);
    const held = budget.grant('a', 50, { requestId: 'held' });
    budget.now = right + 1_000;
    budget.do({ kind: 'reset-clock' });
    budget.release(held);
    for (const requestId of ['closed', 'held']) {
      expect(budget.writeOut().acquire('a', { requestId })).toMatchObject({
        refusal: { reason: 'LEASE_CLOSED' },
      });
    }
    budget.pass(7 * 86_400_000 + 1_000);
    expect(budget.acquire('a', { requestId: 'held' })).toMatchObject({ kind: 'granted', replayed: false });
    // Closed by the clock that ran ahead, its receipt is of then.
    expect(budget.acquire('a', { requestId: 'closed' })).toMatchObject({
      refusal: { reason: 'LEASE_CLOSED' },
    });
    budget.pass(10 * 86_400_000);
    expect(budget.acquire('a', { requestId: 'closed' })).toMatchObject({ kind: 'granted', replayed: false });
  });

  it('that ran ahead is reset: a lease that outlives the memory of its grant is remembered from its end', () => {
    const budget = budgetWith();
    const right = budget.now;
    budget.at('2026-11-20T09:10:00Z');
    const long = budget.grant('a', 1, { requestId: 'long', leaseTtlMs: 3_600_000 });
    budget.now = right + 1_000;
    budget.do({ kind: 'reset-clock' });
    for (let more = 0; more < 20; more += 1) budget.release(budget.grant('a', 1));
    budget.release(long);
    budget.writeOut().pass(7 * 86_400_000 + 1_000);
    expect(budget.acquire('a', { requestId: 'long' })).toMatchObject({ kind: 'granted', replayed: false });
  });

  it('that ran ahead is reset: what an undone grant was after lies in the future no more', () => {
    const budget = budgetWith({ cooldownMs: 600_000 });
    const right = budget.now;
    budget.at('2026-11-20T09:10:00Z').release(budget.grant('a', 50));
    const undone = budget.pass(600_000).grant('a', 50);
    budget.now = right + 1_000;
    budget.do({ kind: 'reset-clock' });
    budget.do({ kind: 'undo-grant', lease: undone });
    expect(budget.deny('a', 1).availableAt).toBe(right + 1_000 + 600_000);
  });

  it('that ran ahead into a day, and a zone in which that day ends later: nothing of the day is lost', () => {
    const budget = budgetWith({ timeZone: 'Australia/Lord_Howe', cooldownMs: 0 }).at('2027-03-30T08:00:00Z');
    budget.release(budget.grant('a', 10), 10);
    const right = budget.now;
    // The day of 1 April, which in this zone ends at 13:00 UTC.
    budget.at('2027-04-01T02:00:00Z');
    budget.release(budget.grant('a', 100), 100);
    budget.writeOut().now = right + 1_000;
    budget.do({ kind: 'reset-clock' });
    budget.do({
      kind: 'put-policy',
      fields: { ...budget.state.policyFields, timeZone: 'America/Los_Angeles' },
    });
    budget.at('2027-04-01T08:00:00Z');
    budget.release(budget.grant('b', 20), 20);
    budget.writeOut();
    // It has left the state at the end that it was opened with, and goes on all the same.
    budget.at('2027-04-01T20:00:00Z').writeOut();
    budget.release(budget.grant('c', 3), 3);
    expect(budget.window('DAY')).toMatchObject({ spent: 123 });
    budget.at('2027-04-02T09:00:00Z').writeOut().writeOut();
    const totals = [...budget.documents.values()].map(({ day, total }) => [day, total]);
    expect(new Map(totals as [string, number][]).get('2027-04-01')).toBe(123);
  });
});
