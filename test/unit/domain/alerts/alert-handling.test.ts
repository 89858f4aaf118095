import { describe, expect, it } from 'vitest';
import { alertKey } from '../../../../src/domain/alerts/alerts.js';
import { toldOf } from '../../../../src/domain/alerts/notices.js';
import { silencedBy } from '../../../../src/domain/alerts/silences.js';
import type { BudgetRequest } from '../../../../src/domain/model/requests.js';
import type { StoredAlert, StoredDelivery } from '../../../../src/domain/model/state.js';
import { ROOMY, TestBudget } from '../../../support/budget.js';
import { usage } from '../../../support/requests.js';

const HOUR = 3_600_000;
const POLICY = { ...ROOMY, monthlyLimit: 1_000, warningPercent: 50 };
const WARNING = `WARNING:${Date.parse('2026-11-01T00:00:00Z')}`;

function budgetWith(spent = 0): TestBudget {
  const budget = new TestBudget(POLICY, '2026-11-09T09:10:00Z').at('2026-11-10T09:10:00Z');
  budget.sinks = ['ops'];
  if (spent > 0) budget.do({ kind: 'record-unleased', aiId: 'a', usage: usage('first', spent) });
  return budget;
}

function warning(budget: TestBudget): StoredAlert {
  const mark = [...budget.loaded().tables.alerts.values()].find(({ rule }) => rule === 'WARNING');
  if (mark === undefined) throw new Error('there is no WARNING');
  return mark;
}

const deliveries = (budget: TestBudget): readonly StoredDelivery[] => warning(budget).deliveries ?? [];
const silence = (more: Partial<Extract<BudgetRequest, { kind: 'silence-alerts' }>> = {}) =>
  ({ kind: 'silence-alerts', rules: [], reason: 'a move', principal: 'alice', ...more }) as const;
const acknowledge = (alertId = WARNING) =>
  ({ kind: 'acknowledge-alert', alertId, reason: 'we know', principal: 'alice' }) as const;
const changes = ({ events }: TestBudget) =>
  events.flatMap((event) => (event.kind === 'alert' ? [`${event.alert.rule} ${event.change}`] : []));

function heard(budget: TestBudget, notice: 'RAISED' | 'ENDED'): void {
  const mark = warning(budget);
  const { number, raisedAt } = toldOf(mark);
  const result = { key: alertKey(mark), number, raisedAt, epoch: 1, sink: 'ops', notice };
  budget.do({ kind: 'record-deliveries', copyId: 'test', results: [result] });
}

describe('AcknowledgeAlert', () => {
  it('stands with the alert, and is told, until the alert is raised again', () => {
    const budget = budgetWith(600);
    const outcome = budget.do<'alert'>(acknowledge());
    const acknowledged = { at: budget.now, reason: 'we know', principal: 'alice' };
    expect(outcome).toMatchObject({ before: { rule: 'WARNING' }, alert: { acknowledged } });
    expect(outcome.before.acknowledged).toBeUndefined();
    expect(changes(budget)).toEqual(['WARNING HANDLED']);
    expect(budget.reload().snapshot().alerts).toContainEqual(
      expect.objectContaining({ rule: 'WARNING', acknowledged }),
    );
    budget.do({ kind: 'put-policy', fields: { ...POLICY, monthlyLimit: 100_000 } });
    budget.pass(6 * HOUR).do({ kind: 'sweep' });
    expect(warning(budget).acknowledged, 'of an alert that has ended').toEqual(acknowledged);
    budget.do({ kind: 'put-policy', fields: POLICY });
    expect(warning(budget).acknowledged, 'of one that was raised again').toBeUndefined();
  });

  it('of an alert that is not there is refused', () => {
    expect(budgetWith(600).do(acknowledge('CRITICAL:0'))).toMatchObject({
      refusal: { reason: 'ALERT_NOT_FOUND', alertId: 'CRITICAL:0' },
    });
  });
});

describe('SilenceAlerts', () => {
  it('withholds what sinks would be told, and not what holds', () => {
    const budget = budgetWith();
    budget.do(silence({ until: budget.now + HOUR }));
    budget.do({ kind: 'record-unleased', aiId: 'a', usage: usage('u', 600) });
    expect(changes(budget)).toContain('WARNING RAISED');
    expect(warning(budget)).toMatchObject({ untold: true });
    expect(warning(budget).deliveries).toBeUndefined();
    const shown = budget.snapshot().alerts.find(({ rule }) => rule === 'WARNING');
    expect(shown).toMatchObject({ silencedUntil: budget.now + HOUR });
    expect(shown?.endedAt).toBeUndefined();
    expect(shown).not.toHaveProperty('untold');
  });

  it('ends by time, and then says what still holds, with the figures of then', () => {
    const budget = budgetWith();
    const until = budget.now + HOUR;
    budget.do(silence({ until }));
    budget.do({ kind: 'record-unleased', aiId: 'a', usage: usage('u', 600) });
    budget.do({ kind: 'record-unleased', aiId: 'a', usage: usage('v', 100) });
    budget.writeOut();
    expect(budget.loaded().wakeAt).toBeLessThanOrEqual(until);
    budget.at(new Date(until).toISOString()).reload().do({ kind: 'sweep' });
    expect(deliveries(budget)).toMatchObject([
      { sink: 'ops', notice: 'RAISED', status: 'PENDING', since: until },
    ]);
    expect(warning(budget)).toMatchObject({ value: 700, notice: { number: 1, raisedAt: until } });
    expect(budget.loaded().tables.settings.has('silences')).toBe(false);
  });

  it('ended by an operator says it at once', () => {
    const budget = budgetWith();
    budget.do(silence({ until: budget.now + HOUR, rules: ['WARNING'] }));
    budget.do({ kind: 'record-unleased', aiId: 'a', usage: usage('u', 600) });
    expect(deliveries(budget)).toEqual([]);
    budget.pass(1_000).do(silence({ reason: '' }));
    expect(deliveries(budget)).toMatchObject([{ notice: 'RAISED', status: 'PENDING' }]);
  });

  it('says nothing of what no longer holds, but when it comes back', () => {
    const budget = budgetWith();
    budget.do(silence({ until: budget.now + HOUR }));
    budget.do({ kind: 'record-unleased', aiId: 'a', usage: usage('u', 600) });
    budget.do({ kind: 'put-policy', fields: { ...POLICY, monthlyLimit: 100_000 } });
    budget.pass(HOUR).do({ kind: 'sweep' });
    expect(deliveries(budget)).toEqual([]);
    const back = budget.fork();
    back.do({ kind: 'put-policy', fields: POLICY });
    expect(deliveries(back)).toMatchObject([{ notice: 'RAISED', status: 'PENDING' }]);
    budget.pass(6 * HOUR).do({ kind: 'sweep' });
    expect(warning(budget)).not.toHaveProperty('untold');
    expect(deliveries(budget)).toEqual([]);
  });

  it('says nothing of events that happened meanwhile', () => {
    const budget = budgetWith();
    budget.do(silence({ until: budget.now + HOUR }));
    budget.record(budget.grant('a', 10), 20);
    const overrun = () => [...budget.loaded().tables.alerts.values()].find(({ rule }) => rule === 'OVERRUN');
    expect(overrun()).toMatchObject({ untold: true });
    budget.pass(HOUR).do({ kind: 'sweep' });
    expect(overrun()).toBeDefined();
    expect(overrun()).not.toHaveProperty('untold');
    expect(overrun()?.deliveries).toBeUndefined();
  });

  it('keeps back the end of what sinks had heard of, and says it after', () => {
    const budget = budgetWith(600);
    heard(budget, 'RAISED');
    budget.do(silence({ until: budget.now + 80 * HOUR }));
    budget.do({ kind: 'put-policy', fields: { ...POLICY, monthlyLimit: 100_000 } });
    budget.pass(6 * HOUR).do({ kind: 'sweep' });
    expect(toldOf(warning(budget)).endedAt).toBe(budget.now);
    expect(deliveries(budget)).toMatchObject([{ notice: 'RAISED', status: 'DELIVERED' }]);
    budget
      .pass(74 * HOUR)
      .reload()
      .do({ kind: 'sweep' });
    expect(deliveries(budget)).toMatchObject([{ notice: 'ENDED', status: 'PENDING' }]);
  });

  it.each([
    ['now', 0],
    ['for longer than 92 days', 93 * 24 * HOUR],
  ])('%s is refused', (_, ms) => {
    const budget = budgetWith();
    expect(budget.do(silence({ until: budget.now + ms }))).toMatchObject({
      refusal: { reason: 'INVALID_FIELD', violations: [{ field: 'until' }] },
    });
  });

  it('ends with its budget', () => {
    const budget = budgetWith(600);
    budget.do(silence({ until: budget.now + HOUR }));
    budget.do({ kind: 'delete-budget', force: true });
    expect(budget.loaded().silences).toEqual({});
  });

  const one = { until: 1, reason: '', at: 0 };
  const other = { until: 2, reason: '', at: 0 };
  it.each([
    [
      'of a rule stands beside that of another',
      { CRITICAL: one },
      ['WARNING'],
      other,
      { CRITICAL: one, WARNING: other },
    ],
    ['of a rule takes the place of the one before', { WARNING: one }, ['WARNING'], other, { WARNING: other }],
    ['of every rule stands beside those of some', { WARNING: one }, [], other, { WARNING: one, '*': other }],
    ['of a rule ends by itself', { WARNING: one, '*': other }, ['WARNING'], undefined, { '*': other }],
    ['of all kinds ends with the end of all', { WARNING: one, '*': other }, [], undefined, {}],
  ])('%s', (_, before, rules, silenced, after) => {
    expect(silencedBy(before, rules, silenced)).toEqual(after);
  });
});

describe('an alert that is looked at', () => {
  it('has the figures of now while it holds, and those that were told stay in the state', () => {
    const budget = budgetWith(600);
    budget.do({ kind: 'record-unleased', aiId: 'a', usage: usage('v', 100) });
    expect(budget.snapshot().alerts.find(({ rule }) => rule === 'WARNING')).toMatchObject({
      value: 700,
      message: expect.stringContaining('700 of 1,000'),
    });
    expect(warning(budget)).toMatchObject({ value: 600, message: expect.stringContaining('600 of 1,000') });
  });
});
