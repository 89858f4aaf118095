import { describe, expect, it } from 'vitest';
import { REMEMBERED_WRITERS, WRITER_MEMORY_MS } from '../../../src/domain/model/limits.js';
import { ROOMY, TestBudget } from '../../support/budget.js';

const budgetWith = (policy = {}) => new TestBudget({ ...ROOMY, ...policy });
/** What the last request alerted of: `RULE`, and `RULE ended`. */
const told = ({ events }: TestBudget) =>
  events.flatMap((event) => (event.kind === 'alert' ? [event.alert] : [])).map(nameOf);
/** What became of alerts by the last request: `RULE change`. */
const changed = ({ events }: TestBudget) =>
  events.flatMap((event) => (event.kind === 'alert' ? [`${event.alert.rule} ${event.change}`] : [])).sort();
const marks = (budget: TestBudget) => budget.snapshot().alerts.map(nameOf).sort();

function nameOf({ rule, endedAt }: { readonly rule: string; readonly endedAt?: number }): string {
  return endedAt === undefined ? rule : `${rule} ended`;
}

describe('alerts', () => {
  it('are told once by the commit that raises them, however often the condition goes and comes', () => {
    const budget = budgetWith({ monthlyLimit: 1_000, maxReportTokens: 1_000 });
    budget.at('2026-11-30T09:00:00Z').record(budget.grant('a', 850), 850);
    expect(changed(budget)).toEqual(['HOURLY_BURST RAISED', 'WARNING RAISED']);
    budget.reload().do({ kind: 'sweep' });
    budget.release(budget.grant('b', 10), 10);
    expect(changed(budget)).toEqual([]);
    const back = { adjustmentId: 'x', tokens: -100, reason: '', fingerprint: '' };
    budget.do({ kind: 'adjust', ...back });
    expect(changed(budget)).toEqual(['HOURLY_BURST AWAY', 'WARNING AWAY']);
    expect(marks(budget)).toEqual(expect.arrayContaining(['HOURLY_BURST ended', 'WARNING ended']));
    budget.reload().record(budget.grant('b', 100), 100);
    expect(changed(budget)).toEqual(['HOURLY_BURST BACK', 'WARNING BACK']);
    budget.at('2026-12-01T09:00:00Z').record(budget.grant('b', 900), 900);
    expect(
      told(budget)
        .filter((line) => !line.endsWith('ended'))
        .sort(),
    ).toEqual(['HOURLY_BURST', 'WARNING']);
  });

  it('end by time alone, when their condition has been away: 30 minutes of an hour, else 6 hours', () => {
    const budget = budgetWith({ monthlyLimit: 1_000, maxReportTokens: 1_000 });
    budget.at('2026-11-29T09:00:00Z').release(budget.grant('a', 850), 850);
    budget.do({ kind: 'put-policy', fields: { ...ROOMY, monthlyLimit: 100_000 } });
    budget.writeOut();
    expect(budget.loaded().wakeAt).toBe(Date.parse('2026-11-29T09:30:00Z'));
    budget.at('2026-11-29T09:29:59Z').reload().do({ kind: 'sweep' });
    expect(changed(budget)).toEqual([]);
    budget.at('2026-11-29T09:30:00Z').reload().do({ kind: 'sweep' });
    expect(changed(budget)).toEqual(['HOURLY_BURST ENDED']);
    budget.writeOut();
    expect(budget.loaded().wakeAt).toBe(Date.parse('2026-11-29T15:00:00Z'));
    budget.at('2026-11-29T15:00:00Z').reload().do({ kind: 'sweep' });
    expect(changed(budget)).toContain('WARNING ENDED');
  });

  it('tell each listed share of the month, of an AI and of a team, by itself', () => {
    const listed = { alertPercents: [50, 80], alertPercentsPerAi: [40], alertPercentsPerTeam: [50] };
    const teams = [['web', { aiIds: ['b'], maxMonthlyPercent: 50 }]] as const;
    const budget = budgetWith({ monthlyLimit: 1_000, maxReportTokens: 1_000, ...listed, teams });
    budget.at('2026-11-30T09:00:00Z').record(budget.grant('a', 450), 450);
    expect(changed(budget)).toContain('AI_SHARE RAISED');
    expect(changed(budget).join(' ')).not.toContain('MONTH_SHARE');
    budget.record(budget.grant('b', 260), 260);
    expect(changed(budget)).toEqual(expect.arrayContaining(['MONTH_SHARE RAISED', 'TEAM_SHARE RAISED']));
    budget.record(budget.grant('c', 100), 100);
    expect(changed(budget)).toContain('MONTH_SHARE RAISED');
    const shares = budget
      .reload()
      .snapshot()
      .alerts.filter(({ rule }) => rule.endsWith('_SHARE'));
    expect(shares.map(({ aiId, teamId, notice }) => [aiId, teamId, notice?.number])).toEqual([
      ['a', undefined, 1],
      [undefined, undefined, 2],
      [undefined, 'web', 1],
    ]);
  });

  it('of denials hold as long as a replica reports many, and end by time alone', () => {
    const budget = budgetWith({ denialAlertPerMinute: 60 });
    const report = (perMinute: number, epoch = 1) => budget.do({ kind: 'report-denials', epoch, perMinute });
    report(61, 2);
    expect(changed(budget), 'of another budget of this name').toEqual([]);
    report(61);
    expect(changed(budget)).toEqual(['DENIAL_RATE RAISED']);
    budget.pass(60_000);
    report(75);
    expect(budget.reload().snapshot().alerts[0]).toMatchObject({ value: 75, threshold: 60 });
    budget.writeOut();
    expect(budget.loaded().wakeAt).toBe(budget.now + 150_000);
    budget.pass(149_999).reload().do({ kind: 'sweep' });
    expect(changed(budget)).toEqual([]);
    budget.pass(1).reload().do({ kind: 'sweep' });
    expect(changed(budget)).toEqual(['DENIAL_RATE AWAY']);
    expect(budget.loaded().tables.settings.has('denialRate')).toBe(false);
    report(99);
    expect(changed(budget)).toEqual(['DENIAL_RATE BACK']);
    budget.do({ kind: 'put-policy', fields: { ...ROOMY, denialAlertPerMinute: 0 } });
    expect(changed(budget)).toEqual(['DENIAL_RATE AWAY']);
  });

  it('of states from before what was told was kept apart are raised again when they hold again', () => {
    const budget = budgetWith({ monthlyLimit: 1_000, maxReportTokens: 1_000 });
    budget.at('2026-11-30T09:00:00Z').record(budget.grant('a', 850), 850);
    const { alerts } = budget.state.tables;
    for (const [key, { notice: _, ...mark }] of [...alerts.entries()])
      alerts.set(key, { ...mark, endedAt: budget.now });
    budget.do({ kind: 'put-policy', fields: { ...ROOMY, monthlyLimit: 1_000, warningPercent: 81 } });
    expect(changed(budget)).toEqual(['HOURLY_BURST RAISED', 'WARNING RAISED']);
  });

  it('end with their window, told by a sweep when nobody asks', () => {
    const budget = budgetWith();
    budget.record(budget.grant('a', 900_000), 900_000);
    expect(marks(budget)).toContain('HOURLY_BURST');
    budget.at('2026-11-10T10:00:00Z').do({ kind: 'sweep' });
    expect(marks(budget)).toContain('HOURLY_BURST ended');
  });

  it('of what happens to leases have ended at once, and come once in an hour', () => {
    const budget = budgetWith();
    const lease = budget.grant('a', 10);
    budget.record(lease, 20);
    expect(told(budget)).toEqual(['OVERRUN ended']);
    budget.record(lease, 20);
    expect(told(budget)).toEqual([]);
    budget.at('2026-11-10T10:00:00Z').do({ kind: 'sweep' });
    expect(told(budget)).toContain('LEASE_EXPIRED ended');
    expect(budget.record(lease, 5)).toMatchObject({ late: true });
    expect(told(budget)).toContain('OVERRUN ended');
  });

  it('grade a day that closed below its minimum, also the last of a month', () => {
    const budget = budgetWith({ minDailyPercent: 1 }).at('2026-11-29T09:00:00Z');
    budget.record(budget.grant('a', 20_000), 20_000);
    budget.at('2026-11-30T00:00:00Z').do({ kind: 'sweep' });
    expect(told(budget)).not.toContain('DAY_BELOW_MINIMUM');
    budget.at('2026-11-30T09:00:00Z').record(budget.grant('a', 9_999), 9_999);
    budget.at('2026-12-01T00:00:00Z').do({ kind: 'sweep' });
    expect(told(budget)).toContain('DAY_BELOW_MINIMUM');
  });

  describe("of a month's last day", () => {
    const marked = (budget: TestBudget) =>
      [...budget.loaded().tables.alerts.values()].find(
        (mark) => mark.rule === 'DAY_BELOW_MINIMUM' && mark.windowStart === LAST,
      );
    const LAST = Date.parse('2026-11-30T00:00:00Z');
    /** Every day but the last is above the minimum of 1%, which is 10,000. */
    function november(lastDay: number): TestBudget {
      const budget = budgetWith({ minDailyPercent: 1 }).at('2026-11-29T09:00:00Z');
      budget.record(budget.grant('a', 20_000), 20_000);
      budget.at('2026-11-30T09:00:00Z');
      if (lastDay > 0) budget.release(budget.grant('a', lastDay), lastDay);
      return budget.at('2026-12-01T00:00:00Z').reload();
    }

    it.each([[9_999], [0]])(
      'with %i tokens lasts until the second, whatever is written out meanwhile',
      (lastDay) => {
        const budget = november(lastDay);
        budget.do({ kind: 'sweep' });
        expect(told(budget)).toContain('DAY_BELOW_MINIMUM');
        for (const moment of ['00:00:01', '00:05:00', '09:00:00', '23:59:59']) {
          budget.at(`2026-12-01T${moment}Z`).writeOut().reload().do({ kind: 'sweep' });
          expect(marked(budget), moment).toMatchObject({ rule: 'DAY_BELOW_MINIMUM', value: lastDay });
          expect(marked(budget)?.endedAt, moment).toBeUndefined();
        }
        budget.at('2026-12-02T00:00:00Z').reload().do({ kind: 'sweep' });
        expect(marked(budget)?.endedAt).toBe(budget.now);
        expect(budget.loaded().closedDay).toBeUndefined();
      },
    );

    it('ends when a correction lifts it', () => {
      const budget = november(9_999);
      budget.do({ kind: 'sweep' });
      budget.writeOut().reload();
      budget.do({
        kind: 'adjust',
        adjustmentId: 'x',
        tokens: 1,
        reason: '',
        day: '2026-11-30',
        fingerprint: '',
      });
      expect(told(budget)).toContain('DAY_BELOW_MINIMUM ended');
    });

    it('is none of a month in which nothing was used', () => {
      const budget = budgetWith({ minDailyPercent: 1 });
      budget.at('2026-12-01T00:00:00Z').do({ kind: 'sweep' });
      expect(told(budget)).not.toContain('DAY_BELOW_MINIMUM');
    });

    it('is known again after a clock that was ahead is set right on the first', () => {
      const budget = november(9_999);
      budget.do({ kind: 'sweep' });
      budget.writeOut().at('2027-01-10T12:00:00Z').do({ kind: 'sweep' });
      budget.writeOut().at('2026-12-01T08:00:00Z').do({ kind: 'reset-clock' });
      expect(budget.loaded().closedDay).toEqual({ day: '2026-11-30', start: LAST, total: 9_999 });
    });
  });

  it('leave the state when nobody looks for them any more', () => {
    const budget = budgetWith();
    budget.record(budget.grant('a', 10), 20);
    budget.pass(73 * 3_600_000).grant('a', 10);
    expect(marks(budget)).not.toContain('OVERRUN ended');
  });
});

/** Days that were used for nothing are no days of use, neither to be closed nor to be graded. */
function takesAllBack(budget: TestBudget): void {
  budget.do({ kind: 'put-policy', fields: { ...ROOMY, minDailyPercent: 1 } });
  budget.record(budget.grant('a', 5), 5);
  budget.do({ kind: 'adjust', adjustmentId: 'x', tokens: -5, reason: '', fingerprint: '' });
  budget.pass(24 * 3_600_000).do({ kind: 'sweep' });
  expect(marks(budget)).not.toContain('DAY_BELOW_MINIMUM');
  budget.writeOut();
}

describe('a commit', () => {
  it('is none for a peek, which writes nothing, whatever the hour', () => {
    const budget = budgetWith().writeOut();
    const { state } = budget;
    const { revision } = state;
    budget.pass(3 * 3_600_000);
    budget.do({ kind: 'get-availability', aiId: 'a' });
    expect(state.revision).toBe(revision);
  });

  it('stamps its replica, and forgets replicas that are long gone', () => {
    const budget = budgetWith();
    const { writers } = budget.state.tables;
    const restarts = Array.from({ length: REMEMBERED_WRITERS }, (_, at) => `restart ${at}`);
    for (const replica of restarts) writers.set(replica, { seq: 9, at: budget.now });
    budget.pass(WRITER_MEMORY_MS).grant('a', 1);
    expect(writers.size).toBe(REMEMBERED_WRITERS + 1);
    // The last few stay, however old: a machine that slept looks for its own.
    budget.pass(1).grant('b', 1);
    expect([...writers.keys()].sort()).toEqual(['test', ...restarts.slice(1)].sort());
    budget.pass(WRITER_MEMORY_MS).grant('c', 1);
    expect(writers.size).toBe(REMEMBERED_WRITERS);
  });

  it.each<[string, (budget: TestBudget) => void, string | undefined]>([
    ['nobody for a budget at rest', (b) => b.writeOut(), undefined],
    ['somebody at the end of a lease', (b) => b.grant('a', 1, { leaseTtlMs: 3_000 }), '2026-11-10T09:10:03Z'],
    ['a writer soon after a report', (b) => b.record(b.grant('a', 1), 1), '2026-11-10T09:10:05Z'],
    [
      'somebody when the day ends, once all is written',
      (b) => b.release(b.grant('a', 1), 1) && b.writeOut(),
      '2026-11-11T00:00:00Z',
    ],
    [
      'somebody when the grade of the last day is over, also of a month that is not used any more',
      (b) => {
        b.do({ kind: 'put-policy', fields: { ...ROOMY, minDailyPercent: 1 } });
        b.at('2026-11-30T09:00:00Z').release(b.grant('a', 1), 1);
        b.at('2026-12-01T00:00:00Z').do({ kind: 'sweep' });
        b.writeOut();
      },
      '2026-12-02T00:00:00Z',
    ],
    ['nobody once all is taken back', takesAllBack, undefined],
  ])('wakes %s', (_, change, at) => {
    const budget = budgetWith();
    change(budget);
    budget.do({ kind: 'sweep' });
    expect(budget.loaded().wakeAt).toBe(at && Date.parse(at));
  });
});
