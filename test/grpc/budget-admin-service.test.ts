import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { UsageQuery } from '../../src/arbiter/service-port.js';
import type { PolicyFields } from '../../src/domain/model/policy.js';
import { presetOf } from '../../src/domain/policy/presets.js';
import {
  AlertRule,
  Mode,
  OnExpiry,
  Pacing,
  Preset,
  TopUpKind,
} from '../../src/gen/budgetarbiter/v1/budget.js';
import * as gen from '../../src/gen/budgetarbiter/v1/budget_admin_service.js';
import { ALERT, budget, closedLease, LEASE_ID, lease, NOON, snapshot, TOP_UP } from '../support/samples.js';
import { answerOf, failureOf, type Harness, startHarness } from './support/harness.js';

const service = gen.BudgetAdminServiceService;
let harness: Harness;
let usageQuery: UsageQuery | undefined;
beforeAll(async () => {
  harness = await startHarness({
    listUsage: async (_port, _budgetId, query) => {
      usageQuery = query;
      const start = Date.UTC(2026, 10, 15);
      return {
        rows: [{ key: '2026-11-15', start, tokens: 900, presumed: 5, late: 6, calls: 8, failedCalls: 3 }],
        nextKey: '2026-11-15',
        ...{ totalTokens: 1_900, totalCalls: 9, budgetTokens: 2_000 },
      };
    },
  });
});
beforeEach(() => {
  harness.servicePort.answer = undefined;
});
afterAll(() => harness.stop());

/** Nobody has credentials here. */
const ASKED = { reason: '', principal: 'anonymous' };

describe('CreateBudget', () => {
  const create = (request: object) =>
    answerOf(harness, service.createBudget, gen.CreateBudgetRequest.fromPartial(request));
  const asked = { kind: 'put-policy', fields: {}, presence: 'absent', validateOnly: false, ...ASKED };

  it('asks for a budget that must not be there; an absent policy is that of the defaults', async () => {
    await create({ budgetId: 'anthropic', policy: { pacing: Pacing.PACING_UNSPECIFIED } });
    expect(harness.servicePort.last.request).toEqual(asked);
    await create({ budgetId: 'anthropic', validateOnly: true, reason: 'a trial' });
    expect(harness.servicePort.last.request).toEqual({
      ...{ ...asked, validateOnly: true, reason: 'a trial' },
      // It changes nothing: nobody asks who it was.
      principal: undefined,
    });
  });

  it('tells where there is one already', async () => {
    harness.servicePort.refuse({ reason: 'BUDGET_EXISTS', budgetId: 'anthropic' });
    const request = gen.CreateBudgetRequest.fromPartial({ budgetId: 'anthropic' });
    expect(await failureOf(harness, service.createBudget, request)).toMatchObject({
      code: status.ALREADY_EXISTS,
      reason: 'BUDGET_EXISTS',
      metadata: { budget_id: 'anthropic' },
    });
  });
});

describe('UpdateBudget', () => {
  const update = (request: object) =>
    answerOf(harness, service.updateBudget, gen.UpdateBudgetRequest.fromPartial(request));

  const FIELDS: PolicyFields = {
    monthlyLimit: 1_000_000,
    enforcedPercent: 33.3,
    pacing: 'EVEN',
    mode: 'OBSERVE',
    onExpiry: 'REFUND',
    cooldownMs: 1_500,
    maxConcurrent: 4,
    tokenWeights: { output: 250.5 },
    tokenWeightsByModel: [['gpt-4.1', { cacheRead: 10 }]],
    maxDailyPercentByAi: [
      ['a', 50],
      ['b', 25.5],
    ],
    timeZone: 'Europe/Berlin',
    fallbackBudgetIds: ['openai', 'local'],
  };

  it('brings every field to the service port, and back', async () => {
    const policy = {
      monthlyLimit: 1_000_000,
      enforcedPercent: 33.3,
      pacing: Pacing.PACING_EVEN,
      mode: Mode.MODE_OBSERVE,
      onExpiry: OnExpiry.ON_EXPIRY_REFUND,
      cooldown: { seconds: 1, nanos: 500_000_000 },
      maxConcurrent: 4,
      tokenWeights: { outputPercent: 250.5 },
      tokenWeightsByModel: { 'gpt-4.1': { cacheReadPercent: 10 } },
      maxDailyPercentByAi: { b: 25.5, a: 50 },
      timeZone: 'Europe/Berlin',
      fallbackBudgetIds: ['openai', 'local'],
    };
    harness.servicePort.answer = () => ({
      kind: 'budget',
      budget: budget(FIELDS),
      warnings: [{ field: 'pacing', message: 'surprising' }],
    });
    const answer = await update({ budgetId: 'anthropic', policy, etag: '3', updateMask: ['*'] });
    expect(harness.servicePort.last).toMatchObject({ budgetId: 'anthropic' });
    expect(harness.servicePort.last.request).toEqual({
      ...{ kind: 'put-policy', fields: FIELDS, etag: '3' },
      ...{ presence: 'present', validateOnly: false, ...ASKED },
    });
    expect(answer.warnings).toEqual([{ field: 'pacing', message: 'surprising' }]);
    expect(answer.budget).toMatchObject({
      budgetId: 'anthropic',
      policy,
      effectivePolicy: {
        ...policy,
        tokenWeights: { inputPercent: 100, outputPercent: 250.5 },
        tokenWeightsByModel: { 'gpt-4.1': { outputPercent: 250.5, cacheReadPercent: 10 } },
        leaseTtl: { seconds: 120, nanos: 0 },
        minReservation: 100,
      },
      etag: '3',
      pause: undefined,
      createdAt: new Date(NOON - 86_400_000),
      timeZoneInForce: 'UTC',
    });
    expect(answer.budget?.policy?.leaseTtl).toBeUndefined();
  });

  it('changes what is set, where no mask is given; and creates only where that is allowed', async () => {
    await update({
      budgetId: 'anthropic',
      policy: { cooldown: { seconds: 2, nanos: 0 } },
      allowMissing: true,
    });
    expect(harness.servicePort.last.request).toEqual({
      ...{ kind: 'put-policy', fields: { cooldownMs: 2_000 }, updateMask: ['cooldownMs'] },
      ...{ validateOnly: false, ...ASKED },
    });
    await update({ budgetId: 'anthropic' });
    expect(harness.servicePort.last.request).toMatchObject({
      fields: {},
      updateMask: [],
      presence: 'present',
    });
  });

  it('says what was before, and the caps of both', async () => {
    const [window] = snapshot().windows;
    if (window === undefined) throw new Error('no window');
    harness.servicePort.answer = () => ({
      ...{ kind: 'budget', budget: budget({}, { etag: '4' }), before: budget(), warnings: [] },
      windows: { before: [window], after: [{ ...window, cap: 5 }] },
    });
    const answer = await update({ budgetId: 'anthropic', validateOnly: true });
    expect(answer).toMatchObject({ budget: { etag: '4' }, before: { etag: '3' } });
    expect(answer.windows.map(({ capTokens }) => capTokens)).toEqual([5]);
    expect(answer.windowsBefore.map(({ capTokens }) => capTokens)).toEqual([window.cap]);
  });

  it('takes a preset, at the creation too', async () => {
    const asked = { budgetId: 'anthropic', preset: Preset.PRESET_CALLS };
    await update(asked);
    expect(harness.servicePort.last.request).toMatchObject({ fields: { preset: presetOf('CALLS') } });
    await answerOf(harness, service.createBudget, gen.CreateBudgetRequest.fromPartial(asked));
    expect(harness.servicePort.last.request).toMatchObject({ fields: { preset: presetOf('CALLS') } });
    await expect(update({ ...asked, preset: 7 as Preset })).rejects.toThrow(
      /preset: must be WORK_SESSIONS, CALLS or unset; it is 7/,
    );
  });

  it('names the fields of an update mask', async () => {
    const updateMask = [
      'cooldown',
      'token_weights.input_percent',
      'token_weights',
      'max_daily_percent_by_ai',
    ];
    await update({ budgetId: 'anthropic', policy: {}, updateMask });
    expect(harness.servicePort.last.request).toMatchObject({
      updateMask: ['cooldownMs', 'tokenWeights.input', 'tokenWeights', 'maxDailyPercentByAi'],
    });
  });
});

describe('other calls about budgets', () => {
  const budgetId = 'anthropic';

  it('GetBudget, with warnings and what its preset stands for', async () => {
    const fields = { pacing: 'NONE', preset: presetOf('CALLS') } as const;
    harness.servicePort.answer = () => ({ kind: 'snapshot', snapshot: snapshot({ budget: budget(fields) }) });
    const answer = await answerOf(harness, service.getBudget, { budgetId });
    expect(harness.servicePort.last.request).toEqual({ kind: 'get-snapshot' });
    expect(answer.budget?.budgetId).toBe('anthropic');
    expect(answer.warnings.map(({ field }) => field)).toEqual(['max_hourly_percent', 'pacing']);
    expect(answer.budget).toMatchObject({
      preset: Preset.PRESET_CALLS,
      presetPolicy: { maxConcurrent: 200, cooldown: { seconds: 0, nanos: 0 } },
      effectivePolicy: { maxConcurrent: 200, pacing: Pacing.PACING_NONE },
    });
  });

  it('DeleteBudget', async () => {
    await answerOf(harness, service.deleteBudget, { budgetId, force: true, reason: 'moved', etag: '3' });
    expect(harness.servicePort.last.request).toEqual({
      ...{ kind: 'delete-budget', force: true, etag: '3', ...ASKED, reason: 'moved' },
    });
    await answerOf(harness, service.deleteBudget, { budgetId, force: false, reason: '' });
    expect(harness.servicePort.last.request).toEqual({ kind: 'delete-budget', force: false, ...ASKED });
  });

  it('PauseBudget and ResumeBudget', async () => {
    const paused = await answerOf(harness, service.pauseBudget, { budgetId, reason: 'audit' });
    expect(harness.servicePort.last.request).toMatchObject({ kind: 'pause', reason: 'audit' });
    expect(paused.budget?.pause).toEqual({ reason: 'audit', pausedAt: new Date(NOON), principal: '' });
    const resumed = await answerOf(harness, service.resumeBudget, { budgetId, reason: 'over' });
    expect(harness.servicePort.last.request).toMatchObject({ kind: 'resume', reason: 'over' });
    expect(resumed.budget?.pause).toBeUndefined();
  });

  it('ResetClock', async () => {
    const answer = await answerOf(harness, service.resetClock, { budgetId, reason: 'NTP' });
    expect(harness.servicePort.last.request).toMatchObject({ kind: 'reset-clock', reason: 'NTP' });
    expect(answer).toEqual({ before: new Date(NOON + 9_000), after: new Date(NOON) });
  });

  it('RevokeLease, with the reason in the log', async () => {
    harness.logged.length = 0;
    const answer = await answerOf(harness, service.revokeLease, { leaseId: LEASE_ID, reason: 'runaway' });
    expect(harness.servicePort.last.request).toMatchObject({
      kind: 'revoke',
      lease: { fence: 7 },
      reason: 'runaway',
    });
    expect(answer.lease?.leaseId).toBe(LEASE_ID);
    expect(harness.logged[0]?.fields).toMatchObject({ lease: LEASE_ID, reason: 'runaway' });
  });

  it('AdjustUsage, with the reason in the log', async () => {
    harness.logged.length = 0;
    const request = {
      budgetId,
      adjustmentId: 'a-1',
      tokens: -50,
      reason: 'reported twice',
      day: '2026-11-14',
      aiId: 'guardian',
      model: '(unknown)',
    };
    const answer = await answerOf(harness, service.adjustUsage, request);
    const { budgetId: _, ...fields } = request;
    expect(harness.servicePort.last.request).toMatchObject({ kind: 'adjust', ...fields });
    expect(answer).toEqual({ day: '2026-11-15', dayTotalTokens: 900, replayed: false });
    expect(harness.logged[0]?.fields).toMatchObject({ adjustmentId: 'a-1', reason: 'reported twice' });
  });
});

describe('top-ups', () => {
  const budgetId = 'anthropic';
  const topUp = {
    ...{ topUpId: 'friday', tokens: 5_000, kind: TopUpKind.TOP_UP_KIND_OVER_CAPS, reason: 'a release' },
    ...{ aiId: 'guardian', expiresAt: new Date(TOP_UP.expiresAt ?? 0), addedAt: new Date(TOP_UP.addedAt) },
    ...{ spentTokens: 1_200, reservedTokens: 300, availableTokens: 3_500, takenBackTokens: 0 },
  };

  it('AddTopUp, with the reason in the log', async () => {
    harness.logged.length = 0;
    const expiresAt = new Date('2026-11-20T00:00:00Z');
    const { topUpId, tokens, kind, reason, aiId } = topUp;
    const request = { budgetId, topUpId, tokens, kind, reason, aiId, expiresAt };
    const answer = await answerOf(harness, service.addTopUp, request);
    expect(harness.servicePort.last.request).toMatchObject({
      ...{ kind: 'add-top-up', of: 'OVER_CAPS', topUpId, tokens, reason, aiId },
      expiresAt: expiresAt.getTime(),
    });
    expect(answer).toEqual({ topUp, replayed: false });
    expect(harness.logged[0]?.fields).toMatchObject({ topUp: 'friday', reason });
  });

  it('EndTopUp, with the reason in the log', async () => {
    harness.logged.length = 0;
    const request = { budgetId, topUpId: 'friday', reason: 'done' };
    const answer = await answerOf(harness, service.endTopUp, request);
    expect(harness.servicePort.last.request).toEqual({
      ...{ kind: 'end-top-up', topUpId: 'friday', ...ASKED, reason: 'done' },
    });
    expect(answer).toEqual({ topUp: { ...topUp, endedAt: new Date(NOON) } });
    expect(harness.logged[0]?.fields).toMatchObject({ topUp: 'friday', reason: 'done' });
  });

  it('AcknowledgeAlert', async () => {
    const request = { budgetId, alertId: 'WARNING:0', reason: 'we know' };
    const answer = await answerOf(harness, service.acknowledgeAlert, request);
    expect(harness.servicePort.last.request).toEqual({
      ...{ kind: 'acknowledge-alert', alertId: 'WARNING:0', reason: 'we know', principal: 'anonymous' },
    });
    expect(answer.alert).toMatchObject({
      ...{ acknowledgedAt: new Date(NOON), acknowledgedBy: 'alice', acknowledgedReason: 'we know' },
    });
  });

  it('SilenceAlerts', async () => {
    const until = new Date('2026-11-20T00:00:00Z');
    const rules = [AlertRule.ALERT_RULE_WARNING, AlertRule.ALERT_RULE_WARNING];
    const answer = await answerOf(harness, service.silenceAlerts, {
      budgetId,
      until,
      rules,
      reason: 'a move',
    });
    expect(harness.servicePort.last.request).toEqual({
      ...{ kind: 'silence-alerts', rules: ['WARNING'], until: until.getTime(), reason: 'a move' },
      principal: 'anonymous',
    });
    expect(answer.silences).toMatchObject([{ reason: 'a move', silencedBy: 'alice' }]);
    expect(answer.silences[0]?.rule).toBeUndefined();
  });

  it('ListAlerts, those that hold or stand, page by page; and what is silenced', async () => {
    const at = (windowStart: number, more: object = {}) => ({ ...ALERT, windowStart, ...more });
    const gone = at(3, { endedAt: NOON });
    const away = at(4, { endedAt: NOON, notice: { number: 2, raisedAt: 1 } });
    const silences = { WARNING: { until: NOON, reason: 'r', at: 1 } };
    const alerts = [away, at(2), gone, at(1, { silencedUntil: NOON })];
    harness.servicePort.answer = () => ({ kind: 'snapshot', snapshot: snapshot({ alerts, silences }) });
    const first = await answerOf(harness, service.listAlerts, {
      budgetId,
      pageSize: 2,
      pageToken: '',
      includeEnded: false,
    });
    const next = { budgetId, pageSize: 2, pageToken: first.nextPageToken, includeEnded: false };
    const second = await answerOf(harness, service.listAlerts, next);
    expect([...first.alerts, ...second.alerts].map(({ alertId }) => alertId)).toEqual([
      ...['HOURLY_BURST:1', 'HOURLY_BURST:2', 'HOURLY_BURST:4'],
    ]);
    expect(second.nextPageToken).toBe('');
    expect(first.alerts[0]?.silencedUntil).toEqual(new Date(NOON));
    expect(second.alerts[0]).toMatchObject({ endedAt: new Date(NOON), notice: { number: 2 } });
    expect(first.silences).toMatchObject([{ rule: AlertRule.ALERT_RULE_WARNING, silencedBy: '' }]);
    const all = await answerOf(harness, service.listAlerts, {
      budgetId,
      pageSize: 0,
      pageToken: '',
      includeEnded: true,
    });
    expect(all.alerts).toHaveLength(4);
    harness.servicePort.answer = undefined;
  });

  it('ListTopUps, page by page', async () => {
    const topUps = ['c', 'a', 'e', 'b', 'd'].map((topUpId) => ({ ...TOP_UP, topUpId }));
    harness.servicePort.answer = () => ({ kind: 'snapshot', snapshot: snapshot({ topUps }) });
    const pages: string[][] = [];
    let pageToken = '';
    do {
      const page = await answerOf(harness, service.listTopUps, { budgetId, pageSize: 2, pageToken });
      pages.push(page.topUps.map(({ topUpId }) => topUpId));
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    expect(pages).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
    harness.servicePort.answer = undefined;
  });
});

describe('lists', () => {
  it('ListBudgets, page by page', async () => {
    harness.servicePort.budgets = ['a', 'b', 'c', 'd', 'e'].map((budgetId) => budget({}, { budgetId }));
    const pages: string[][] = [];
    let pageToken = '';
    do {
      const page = await answerOf(harness, service.listBudgets, { pageSize: 2, pageToken });
      pages.push(page.budgets.map(({ budgetId }) => budgetId));
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    expect(pages).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
  });

  it('ListBudgets keeps a page of large policies below what clients take', async () => {
    const maxDailyPercentByAi = Array.from(
      { length: 1_000 },
      (_, n) => [`ai-${n}-${'x'.repeat(110)}`, 5] as const,
    );
    harness.servicePort.budgets = [...'abcdefghijklmnopqrst'].map((budgetId) =>
      budget({ maxDailyPercentByAi }, { budgetId }),
    );
    const page = await answerOf(harness, service.listBudgets, { pageSize: 1_000, pageToken: '' });
    expect(page.budgets.length).toBeLessThan(20);
    const rest = await answerOf(harness, service.listBudgets, { pageSize: 0, pageToken: page.nextPageToken });
    expect(rest.budgets[0]?.budgetId).toBe('abcdefghijklmnopqrst'[page.budgets.length]);
  });

  it('ListLeases, live ones first, then closed ones', async () => {
    const liveLeases = [9, 4, 6].map((fence) => lease({ fence, leaseId: `live-${fence}` }));
    harness.servicePort.answer = () => ({ kind: 'snapshot', snapshot: snapshot({ liveLeases }) });
    harness.servicePort.closed = [1, 2, 3].map((fence) => closedLease({ fence, leaseId: `closed-${fence}` }));
    const list = async (includeClosed: boolean, pageSize: number): Promise<string[][]> => {
      const pages: string[][] = [];
      let pageToken = '';
      do {
        const request = { budgetId: 'anthropic', includeClosed, pageSize, pageToken };
        const page = await answerOf(harness, service.listLeases, request);
        pages.push(page.leases.map(({ leaseId }) => leaseId));
        pageToken = page.nextPageToken;
      } while (pageToken !== '');
      return pages;
    };
    expect(await list(false, 2)).toEqual([['live-4', 'live-6'], ['live-9']]);
    expect(await list(true, 2)).toEqual([
      ['live-4', 'live-6'],
      ['live-9', 'closed-1'],
      ['closed-2', 'closed-3'],
    ]);
    expect(await list(true, 3)).toEqual([
      ['live-4', 'live-6', 'live-9'],
      ['closed-1', 'closed-2', 'closed-3'],
    ]);
    expect(await list(true, 2_000)).toHaveLength(1);
  });

  it('ListUsage, and tokens of one list that fit no other', async () => {
    const request = {
      budgetId: 'anthropic',
      groupBy: gen.UsageGrouping.USAGE_GROUPING_HOUR,
      fromDay: '2026-11-01',
      toDay: '2026-11-30',
      pageSize: 5_000,
      pageToken: '',
      ...{ by: [], orderBy: gen.UsageOrder.USAGE_ORDER_UNSPECIFIED, descending: false },
    };
    const page = await answerOf(harness, service.listUsage, request);
    const query = { groupBy: 'HOUR', fromDay: '2026-11-01', toDay: '2026-11-30', pageSize: 1_000 };
    expect(usageQuery).toEqual(query);
    expect(page.rows).toEqual([
      {
        key: '2026-11-15',
        start: new Date(Date.UTC(2026, 10, 15)),
        tokens: 900,
        presumedTokens: 5,
        lateTokens: 6,
        calls: 8,
        failedCalls: 3,
        ...{ day: '', aiId: '', model: '', teamId: '' },
      },
    ]);
    expect(page).toMatchObject({ totalTokens: 1_900, totalCalls: 9, budgetTokens: 2_000 });
    const pageToken = page.nextPageToken;
    await answerOf(harness, service.listUsage, { ...request, pageSize: 0, pageToken });
    expect(usageQuery).toEqual({ ...query, pageSize: 100, afterKey: '2026-11-15' });
    const misuses = [
      { ...request, toDay: '2026-11-29', pageToken },
      { ...request, descending: true, pageToken },
      { ...request, orderBy: gen.UsageOrder.USAGE_ORDER_CALLS, pageToken },
      { ...request, budgetId: 'other', pageToken },
    ];
    for (const misuse of misuses) {
      const error = await failureOf(harness, service.listUsage, misuse);
      expect(error.violations[0]?.field).toBe('page_token');
    }
    const leases = { budgetId: 'anthropic', includeClosed: false, pageSize: 0, pageToken };
    expect((await failureOf(harness, service.listLeases, leases)).violations[0]?.field).toBe('page_token');
  });
});
