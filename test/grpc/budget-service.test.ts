import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RecordRequest } from '../../src/domain/model/requests.js';
import { LeaseState, Rule, Usage, Window } from '../../src/gen/budgetarbiter/v1/budget.js';
import * as gen from '../../src/gen/budgetarbiter/v1/budget_service.js';
import { closedLease, DENIAL, LEASE_ID, lease, NOON, STATS } from '../support/samples.js';
import { answerOf, type Harness, startHarness } from './support/harness.js';

const service = gen.BudgetServiceService;
let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
beforeEach(() => {
  harness.servicePort.answer = undefined;
  harness.logged.length = 0;
});
afterAll(() => harness.stop());

const usage = Usage.fromPartial({
  usageId: 'usage-1',
  tokens: { inputTokens: 10, outputTokens: 20 },
  model: 'claude-sonnet-4',
  requestType: 'review',
});

describe('AcquireSlot', () => {
  const acquire = (request: object) =>
    answerOf(harness, service.acquireSlot, gen.AcquireSlotRequest.fromPartial(request));
  const whole = {
    budgetId: 'anthropic',
    aiId: 'guardian',
    requestId: 'request-1',
    estimatedTokens: 400,
    leaseTtl: { seconds: 90, nanos: 500_000_000 },
    labels: { team: 'blue', city: 'Zürich' },
  };

  it('brings every field to the service port, and the grant back', async () => {
    const answer = await acquire(whole);
    expect(harness.servicePort.last).toMatchObject({
      budgetId: 'anthropic',
      request: {
        kind: 'acquire',
        aiId: 'guardian',
        requestId: 'request-1',
        requestIdMade: false,
        estimatedTokens: 400,
        leaseTtlMs: 90_500,
        labels: { team: 'blue', city: 'Zürich' },
        nonce: 'nonce-1',
      },
    });
    expect(answer.outcome?.$case).toBe('granted');
    const grant = answer.outcome?.value as gen.Grant;
    expect(grant.replayed).toBe(false);
    expect(grant.wouldDeny).toBeUndefined();
    expect(grant.lease).toEqual({
      leaseId: LEASE_ID,
      fence: 7,
      requestId: 'request-1',
      budgetId: 'anthropic',
      aiId: 'guardian',
      state: LeaseState.LEASE_STATE_LIVE,
      reservedTokens: 400,
      usedTokens: 25,
      presumedTokens: 0,
      grantedAt: new Date(NOON - 60_000),
      expiresAt: new Date(NOON + 60_500),
      expiresIn: { seconds: 60, nanos: 500_000_000 },
      renewableUntil: new Date(NOON + 3_540_000),
      labels: { team: 'blue' },
      closedAt: undefined,
    });
  });

  it('shares a fingerprint among repeats, whatever the order of labels and the wait, and with nothing else', async () => {
    const fingerprintOf = async (changes: object): Promise<string> => {
      await acquire({ ...whole, ...changes });
      return (harness.servicePort.last.request as { fingerprint: string }).fingerprint;
    };
    const first = await fingerprintOf({});
    expect(await fingerprintOf({ labels: { city: 'Zürich', team: 'blue' }, wait: { seconds: 5 } })).toBe(
      first,
    );
    for (const other of [
      { estimatedTokens: 401 },
      { leaseTtl: { seconds: 91 } },
      { labels: {} },
      { aiId: 'x' },
    ]) {
      expect(await fingerprintOf(other)).not.toBe(first);
    }
    expect(await fingerprintOf({ estimatedTokens: undefined })).not.toBe(first);
    expect(await fingerprintOf({ atLeastTokens: 400 })).not.toBe(first);
    expect(await fingerprintOf({ model: 'o3' })).not.toBe(first);
    expect(await fingerprintOf({ model: '' })).toBe(first);
    const expected = { estimatedTokens: undefined, expected: { inputTokens: 400 } };
    expect(await fingerprintOf(expected)).not.toBe(await fingerprintOf({ estimatedTokens: undefined }));
  });

  it('takes counts and a least, in both questions, and says what is left', async () => {
    const asks = { expected: { inputTokens: 300, reasoningTokens: 2 }, atLeastTokens: 100 };
    const { outcome } = await acquire({ budgetId: 'anthropic', aiId: 'guardian', ...asks });
    expect(outcome?.value).toMatchObject({ availableTokens: 500 });
    const read = { expected: { input: 300, output: 0, reasoning: 2, total: 0 }, atLeastTokens: 100 };
    expect(harness.servicePort.last.request).toMatchObject(read);
    const peek = gen.GetAvailabilityRequest.fromPartial({ budgetId: 'anthropic', aiId: 'guardian', ...asks });
    await answerOf(harness, gen.BudgetServiceService.getAvailability, peek);
    expect(harness.servicePort.last.request).toMatchObject({ kind: 'get-availability', ...read });
  });

  it('takes the model, and says team and model of the lease, and which team or models refuse', async () => {
    const asks = { budgetId: 'anthropic', aiId: 'guardian', model: 'o3' };
    const held = lease({ teamId: 'web', model: 'o3' });
    harness.servicePort.answer = () => ({
      kind: 'granted',
      lease: held,
      replayed: false,
      availableTokens: 1,
    });
    const { outcome } = await acquire(asks);
    expect(harness.servicePort.last.request).toMatchObject({ model: 'o3' });
    expect(outcome?.value).toMatchObject({ lease: { teamId: 'web', model: 'o3' } });
    const figures = { limit: 10, spent: 10, reserved: 0, requested: 1, message: '' };
    const blockers = [
      { rule: 'TEAM_CAP', window: 'DAY', scope: 'web', ...figures },
      { rule: 'MODEL_CONCURRENCY', scope: 'o*', ...figures },
    ] as const;
    harness.servicePort.answer = () => ({
      kind: 'denied',
      denial: { blockers, permanent: false, fallbackBudgetIds: [] },
    });
    expect((await acquire(asks)).outcome?.value).toMatchObject({
      blockers: [
        { rule: Rule.RULE_TEAM_CAP, window: Window.WINDOW_DAY, scope: 'web' },
        { rule: Rule.RULE_MODEL_CONCURRENCY, window: undefined, scope: 'o*' },
      ],
    });
    const window = {
      kind: 'HOUR',
      start: 0,
      end: 1,
      cap: 10,
      spent: 3,
      reserved: 2,
      available: 5,
      topped: 0,
    } as const;
    harness.servicePort.answer = () => ({
      kind: 'availability',
      availableTokens: 5,
      team: { teamId: 'web', windows: [window], liveSlots: 1 },
    });
    const peek = gen.GetAvailabilityRequest.fromPartial(asks);
    expect(await answerOf(harness, gen.BudgetServiceService.getAvailability, peek)).toMatchObject({
      teamId: 'web',
      teamWindows: [{ window: Window.WINDOW_HOUR, capTokens: 10, spentTokens: 3, availableTokens: 5 }],
    });
    expect(harness.servicePort.last.request).toMatchObject({ kind: 'get-availability', model: 'o3' });
  });

  it('makes a request id for a caller that gives none', async () => {
    await acquire({ budgetId: 'anthropic', aiId: 'guardian' });
    const { request, waitMs } = harness.servicePort.last;
    expect(request).toMatchObject({ requestId: 'made-1', requestIdMade: true });
    expect(request).not.toHaveProperty('estimatedTokens');
    expect(request).not.toHaveProperty('labels');
    expect(waitMs).toBeUndefined();
  });

  it('waits when it is asked to', async () => {
    await acquire({ budgetId: 'anthropic', aiId: 'guardian', wait: { seconds: 3, nanos: 250_999_999 } });
    expect(harness.servicePort.last.waitMs).toBe(3_250);
  });

  it('answers a denial with every blocker', async () => {
    harness.servicePort.answer = () => ({ kind: 'denied', denial: DENIAL });
    const answer = await acquire({ budgetId: 'anthropic', aiId: 'guardian' });
    expect(answer.outcome).toEqual({
      $case: 'denied',
      value: {
        blockers: [
          { ...DENIAL.blockers[0], rule: Rule.RULE_COOLDOWN, availableAt: new Date(NOON + 240_000) },
          { ...DENIAL.blockers[1], rule: Rule.RULE_HOURLY_CAP, availableAt: undefined },
        ],
        retryAfter: { seconds: 240, nanos: 0 },
        availableAt: new Date(NOON + 240_000),
        permanent: false,
        fallbackBudgetIds: ['openai'],
      },
    });
  });

  it('says what would have denied', async () => {
    harness.servicePort.answer = () => ({
      kind: 'granted',
      lease: lease(),
      replayed: true,
      wouldDeny: DENIAL,
      availableTokens: 0,
    });
    const { outcome } = await acquire({ budgetId: 'anthropic', aiId: '__proto__' });
    expect(outcome?.value).toMatchObject({ replayed: true, wouldDeny: { blockers: [{}, {}] } });
    expect(harness.servicePort.last.request).toMatchObject({ aiId: '__proto__' });
  });
});

describe('the other calls of BudgetService', () => {
  it('RenewSlot', async () => {
    const request = gen.RenewSlotRequest.fromPartial({
      leaseId: LEASE_ID,
      leaseTtl: { seconds: 60 },
      reserveTokens: 900,
    });
    const answer = await answerOf(harness, service.renewSlot, request);
    expect(harness.servicePort.last).toMatchObject({
      budgetId: 'anthropic',
      request: {
        kind: 'renew',
        lease: { leaseId: LEASE_ID, budgetId: 'anthropic', epoch: 1, fence: 7 },
        leaseTtlMs: 60_000,
        reserveTokens: 900,
      },
    });
    expect(answer.lease?.leaseId).toBe(LEASE_ID);
    expect(answer.raiseDenied?.blockers).toHaveLength(2);
  });

  it('RecordUsage on a lease', async () => {
    const request = gen.RecordUsageRequest.fromPartial({
      subject: { $case: 'leaseId', value: LEASE_ID },
      usage,
    });
    const answer = await answerOf(harness, service.recordUsage, request);
    expect(harness.servicePort.last.request).toMatchObject({
      kind: 'record',
      usage: {
        usageId: 'usage-1',
        tokens: { input: 10, output: 20, cacheRead: 0, cacheWrite: 0, reasoning: 0, total: 0 },
        model: 'claude-sonnet-4',
        requestType: 'review',
        failed: false,
        errorMessage: '',
      },
    });
    expect(answer).toMatchObject({ chargedTokens: 30, overrunTokens: 5, late: true, replayed: true });
    expect(answer.lease).toMatchObject({
      state: LeaseState.LEASE_STATE_EXPIRED,
      closedAt: new Date(closedLease().closedAt ?? 0),
      expiresIn: { seconds: 0, nanos: 0 },
    });
  });

  it.each([undefined, 0, 1, 10_000])('RecordUsage of so many calls: %s', async (calls) => {
    const subject = { $case: 'leaseId', value: LEASE_ID } as const;
    const request = gen.RecordUsageRequest.fromPartial({ subject, usage: { ...usage, calls } });
    await answerOf(harness, service.recordUsage, request);
    const asked = harness.servicePort.last.request as RecordRequest;
    expect(asked.usage.calls).toBe(calls);
  });

  it('RecordUsage without a lease, with the failure in the log', async () => {
    const request = gen.RecordUsageRequest.fromPartial({
      subject: { $case: 'unleased', value: { budgetId: 'anthropic', aiId: 'guardian' } },
      usage: { ...usage, failed: true, errorMessage: 'overloaded' },
    });
    const answer = await answerOf(harness, service.recordUsage, request);
    expect(harness.servicePort.last).toMatchObject({
      budgetId: 'anthropic',
      request: { kind: 'record-unleased', aiId: 'guardian', usage: { usageId: 'usage-1', failed: true } },
    });
    expect(answer.lease).toBeUndefined();
    expect(harness.logged).toEqual([
      {
        level: 'info',
        message: 'an LLM call failed',
        fields: expect.objectContaining({ budget: 'anthropic', ai: 'guardian', errorMessage: 'overloaded' }),
      },
    ]);
  });

  it('Release with usage, with unnamed usage, and bare', async () => {
    const release = (fields: object) =>
      answerOf(harness, service.release, gen.ReleaseRequest.fromPartial({ leaseId: LEASE_ID, ...fields }));
    const answer = await release({ usage });
    expect(answer).toEqual({ usedTokens: 30, freedTokens: 370, overrunTokens: 1, replayed: false });
    expect(harness.servicePort.last.request).toMatchObject({
      kind: 'release',
      usage: { usageId: 'usage-1' },
    });
    await release({ usage: { ...usage, usageId: '' } });
    expect(harness.servicePort.last.request).toHaveProperty('usage.fingerprint');
    expect(harness.servicePort.last.request).not.toHaveProperty('usage.usageId');
    await release({});
    expect(harness.servicePort.last.request).not.toHaveProperty('usage');
  });

  it('GetLease by its id and by its request', async () => {
    const byId = await answerOf(harness, service.getLease, { key: { $case: 'leaseId', value: LEASE_ID } });
    expect(byId.lease?.presumedTokens).toBe(375);
    expect(harness.servicePort.last.request).toMatchObject({
      kind: 'get-lease',
      key: { lease: { fence: 7 } },
    });
    const request = { budgetId: 'openai', aiId: 'guardian', requestId: 'request-1' };
    await answerOf(harness, service.getLease, { key: { $case: 'request', value: request } });
    expect(harness.servicePort.last).toMatchObject({
      budgetId: 'openai',
      request: { key: { aiId: 'guardian', requestId: 'request-1' } },
    });
  });

  it('GetAvailability', async () => {
    const request = { budgetId: 'anthropic', aiId: 'guardian', estimatedTokens: 10 };
    const answer = await answerOf(harness, service.getAvailability, request);
    expect(harness.servicePort.last.request).toEqual({
      kind: 'get-availability',
      aiId: 'guardian',
      estimatedTokens: 10,
    });
    expect(answer).toMatchObject({ availableTokens: 50, denial: { retryAfter: { seconds: 240 } } });
  });

  it('GetDistribution, with an AI of any name', async () => {
    const request = { budgetId: 'anthropic', month: '2026-11', day: '2026-11-30' };
    const answer = await answerOf(harness, service.getDistribution, request);
    const stats = answer.distributionStats;
    expect(stats?.monthlyDistribution).toMatchObject({
      ...STATS.monthlyDistribution,
      dailyUsageData: [{ date: '2026-11-01', tokens: 3_000, start: new Date(Date.UTC(2026, 10, 1)) }],
    });
    expect(stats?.dailyDistribution).toMatchObject({ avgHourlyUsage: 312.5, date: '2026-11-01' });
    expect(stats?.rateLimitingStatus?.lastAiRequests['guardian']).toEqual(new Date(NOON));
    expect(stats).toMatchObject({
      grade: gen.SpreadGrade.SPREAD_GRADE_POOR,
      daysBelowMinimum: ['2026-11-02'],
      forecast: { paceTokensPerHour: 250.5, projectedMonthTokens: 90_000 },
      windows: [{ capTokens: 700, availableTokens: 50 }],
      month: '2026-11',
      timeZone: 'UTC',
    });
  });
});
