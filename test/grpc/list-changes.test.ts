import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { StoredChange } from '../../src/domain/model/changes.js';
import { AlertRule, Preset } from '../../src/gen/budgetarbiter/v1/budget.js';
import {
  BudgetAdminServiceService,
  ChangeKind,
  type ListChangesResponse,
} from '../../src/gen/budgetarbiter/v1/budget_admin_service.js';
import { budget, NOON } from '../support/samples.js';
import { answerOf, type Harness, startHarness } from './support/harness.js';

let harness: Harness;

beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.stop());
beforeEach(() => {
  harness.servicePort.recorded = [];
});

const record = (
  number: number,
  body: StoredChange['body'],
  more: Partial<StoredChange> = {},
): StoredChange => ({
  ...{ number, epoch: 1, revision: number, at: NOON, principal: 'kim', reason: 'why', body, ...more },
});

const list = (pageSize = 0, pageToken = ''): Promise<ListChangesResponse> =>
  answerOf(harness, BudgetAdminServiceService.listChanges, { budgetId: 'anthropic', pageSize, pageToken });

async function only(body: StoredChange['body']) {
  harness.servicePort.recorded = [record(7, body)];
  const [change] = (await list()).changes;
  if (change === undefined) throw new Error('nothing is listed');
  return change;
}

describe('ListChanges', () => {
  it('says when, who, what and why', async () => {
    harness.servicePort.recorded = [
      record(2, { kind: 'PAUSED' }),
      record(1, { kind: 'PAUSED' }, { reason: '' }),
    ];
    const { changes, nextPageToken } = await list();
    expect(nextPageToken).toBe('');
    expect(changes).toMatchObject([
      {
        ...{ number: 2, changedAt: new Date(NOON), principal: 'kim', reason: 'why' },
        kind: ChangeKind.CHANGE_KIND_PAUSED,
        pause: { reason: 'why', principal: 'kim', pausedAt: new Date(NOON) },
      },
      { number: 1, reason: '' },
    ]);
  });

  it('gives of a policy both values of each field that differs, and what puts the one before back', async () => {
    const change = await only({
      ...{ kind: 'POLICY', fields: ['cooldownMs', 'maxDailyPercentByAi'] },
      before: { maxDailyPercentByAi: [['guardian', 50]] },
      after: { cooldownMs: 9_000 },
    });
    expect(change.policy).toMatchObject({
      fields: ['cooldown', 'max_daily_percent_by_ai'],
      before: { maxDailyPercentByAi: { guardian: 50 } },
      after: { cooldown: { seconds: 9, nanos: 0 } },
    });
    expect(change.undo).toMatchObject({
      ...{ budgetId: 'anthropic', etag: budget().etag, reason: 'undo of change 7' },
      updateMask: ['cooldown', 'max_daily_percent_by_ai'],
      policy: { maxDailyPercentByAi: { guardian: 50 } },
      preset: Preset.PRESET_UNSPECIFIED,
    });
    expect(change.undo?.policy?.cooldown).toBeUndefined();
  });

  it('undoes a preset by the one before', async () => {
    const change = await only({
      ...{ kind: 'PRESET', fields: [], before: {} },
      after: { preset: { name: 'CALLS', values: { maxConcurrent: 200 } } },
    });
    expect(change.policy).toMatchObject({
      presetBefore: Preset.PRESET_WORK_SESSIONS,
      presetAfter: Preset.PRESET_CALLS,
    });
    expect(change.undo).toMatchObject({ preset: Preset.PRESET_WORK_SESSIONS, updateMask: undefined });
  });

  it.each<[StoredChange['body'], object]>([
    [
      { kind: 'RESUMED', pause: { reason: 'audit', at: NOON - 5, principal: 'ann' } },
      { pause: { reason: 'audit', pausedAt: new Date(NOON - 5), principal: 'ann' } },
    ],
    [
      {
        ...{ kind: 'LEASE_REVOKED', leaseId: 'x', aiId: 'a' },
        ...{ reservedTokens: 3, usedTokens: 2, presumedTokens: 1 },
      },
      { lease: { leaseId: 'x', aiId: 'a', reservedTokens: 3, usedTokens: 2, presumedTokens: 1 } },
    ],
    [
      { kind: 'USAGE_ADJUSTED', adjustmentId: 'i', tokens: -4, day: '2026-11-01', dayTotal: 6, model: 'm' },
      { adjustment: { adjustmentId: 'i', tokens: -4, day: '2026-11-01', dayTotalTokens: 6, model: 'm' } },
    ],
    [
      {
        kind: 'TOP_UP_ENDED',
        topUpId: 't',
        of: 'LARGER_MONTH',
        tokens: 9,
        month: '2026-11',
        spent: 0,
        takenBack: 4,
      },
      { topUp: { topUpId: 't', kind: 2, tokens: 9, month: '2026-11', takenBackTokens: 4 } },
    ],
    [
      { kind: 'ALERT_ACKNOWLEDGED', alertId: 'a-1', rule: 'POOR_SPREAD' },
      { alertId: 'a-1', alertRules: [AlertRule.ALERT_RULE_POOR_SPREAD] },
    ],
    [
      { kind: 'ALERTS_SILENCED', rules: [], until: 5 },
      { alertRules: [], silencedUntil: new Date(5) },
    ],
    [{ kind: 'CLOCK_RESET', before: 5, after: 4 }, { clock: { before: new Date(5), after: new Date(4) } }],
    [{ kind: 'OF_TOMORROW' } as never, { kind: ChangeKind.CHANGE_KIND_UNSPECIFIED }],
  ])('tells of $kind', async (body, expected) => {
    const change = await only(body);
    expect(change).toMatchObject(expected);
    expect(change.undo).toBeUndefined();
  });

  it('pages to the last, each change once', async () => {
    const all = Array.from({ length: 60 }, (_, at) => record(60 - at, { kind: 'PAUSED' }));
    harness.servicePort.recorded = all;
    const numbers: number[] = [];
    for (let token = ''; ; ) {
      const { changes, nextPageToken } = await list(7, token);
      expect(changes.length).toBeLessThanOrEqual(7);
      numbers.push(...changes.map(({ number }) => number));
      token = nextPageToken;
      if (token === '') break;
    }
    expect(numbers).toEqual(all.map(({ number }) => number));
  });

  it('has fewer on a page where policies are large, and never none', async () => {
    const large = Array.from({ length: 250 }, (_, at) => [`${at}`.padStart(64, 'x'), 1] as const);
    const body = {
      kind: 'POLICY',
      fields: ['maxDailyPercentByAi'],
      before: {},
      after: { maxDailyPercentByAi: large },
    } as const;
    harness.servicePort.recorded = Array.from({ length: 120 }, (_, at) => record(120 - at, body));
    let [seen, pages] = [0, 0];
    for (let token = ''; pages === 0 || token !== ''; pages += 1) {
      const { changes, nextPageToken } = await list(1_000, token);
      expect(changes.length).toBeGreaterThan(0);
      seen += changes.length;
      token = nextPageToken;
    }
    expect(seen).toBe(120);
    expect(pages).toBeGreaterThan(1);
  });
});
