import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as admin from '../../src/gen/budgetarbiter/v1/budget_admin_service.js';
import * as budgets from '../../src/gen/budgetarbiter/v1/budget_service.js';
import { LEASE_ID } from '../support/samples.js';
import { METHODS } from '../support/valid-requests.js';
import { ask, failureOf, type Harness, startHarness } from './support/harness.js';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.stop());

type Row = readonly [keyof typeof METHODS, Record<string, unknown>, field: string, limits: RegExp];

const ID = /1 to 128 printable ASCII/;
const TOKENS = /0 to 1,000,000,000,000/;
const BUDGET_ID = /1 to 63 characters/;

const byBudgetId: Row[] = (Object.keys(METHODS) as (keyof typeof METHODS)[])
  .filter((name) => 'budgetId' in METHODS[name].valid)
  .flatMap((name) =>
    ['', 'Upper', 'a b', 'a\u0000', '.a', 'a'.repeat(64), 'ü'].map(
      (budgetId): Row => [name, { budgetId }, 'budget_id', BUDGET_ID],
    ),
  );

const byLeaseId: Row[] = (['renew', 'release', 'revoke'] as const).flatMap((name) =>
  ['', 'x'.repeat(161), 'a\nb', '\u0007'].map(
    (leaseId): Row => [name, { leaseId }, 'lease_id', /1 to 160 characters/],
  ),
);

const ofUsage = (usage: object, field: string, limits: RegExp): Row[] => [
  ['record', { usage: { usageId: 'u', ...usage } }, `usage.${field}`, limits],
  ['release', { usage: { usageId: 'u', ...usage } }, `usage.${field}`, limits],
];

const byUsage: Row[] = [
  ['record', { usage: undefined }, 'usage', /required/],
  ['record', { usage: {} }, 'usage.usage_id', ID],
  ...['a b', 'é', 'x'.repeat(129), '\u007f'].flatMap((usageId) => ofUsage({ usageId }, 'usage_id', ID)),
  ...ofUsage({ model: 'm'.repeat(129) }, 'model', /at most 128 bytes/),
  ...ofUsage({ model: 'é'.repeat(65) }, 'model', /at most 128 bytes/),
  ...ofUsage({ model: 'a\tb' }, 'model', /control characters/),
  ...ofUsage({ requestType: 'r'.repeat(65) }, 'request_type', /at most 64 bytes/),
  ...ofUsage({ errorMessage: 'e'.repeat(513) }, 'error_message', /at most 512 bytes/),
  ...ofUsage({ errorMessage: 'bell\u0007' }, 'error_message', /control characters/),
  ...['input', 'output', 'cacheRead', 'cacheWrite', 'reasoning', 'total'].flatMap((kind) => {
    const field = `tokens.${kind.replace(/[A-Z]/, (letter) => `_${letter.toLowerCase()}`)}_tokens`;
    return [-1, 1e12 + 1, Number.MAX_SAFE_INTEGER].flatMap((count) =>
      ofUsage({ tokens: { [`${kind}Tokens`]: count } }, field, TOKENS),
    );
  }),
  ...[-1, 10_001, 2 ** 31 - 1].flatMap((calls) =>
    ofUsage({ calls }, 'calls', /^must be 0 to 10,000; it is /),
  ),
  ...ofUsage({ tokens: { inputTokens: 1, totalTokens: 1 } }, 'tokens.total_tokens', /total alone/),
];

const durations = (name: 'acquire' | 'renew', inMessage: string, field: string, limits: RegExp): Row[] =>
  [
    { seconds: -1 },
    { seconds: 0, nanos: -1 },
    { seconds: 367 * 86_400 },
    { seconds: 366 * 86_400, nanos: 1_000_000 },
    { seconds: Number.MAX_SAFE_INTEGER },
    { seconds: 5, nanos: -1 },
    { seconds: -5, nanos: 1 },
    { seconds: 5, nanos: 1_000_000_000 },
    { seconds: 5, nanos: -2_147_483_648 },
  ].map((value): Row => [name, { [inMessage]: value }, field, limits]);

/** How much a slot is asked for. */
function byAsked(name: 'acquire' | 'availability'): Row[] {
  return [
    ...[0, -1, 1e12 + 1].map(
      (atLeastTokens): Row => [name, { atLeastTokens }, 'at_least_tokens', /1 to 1,000,000,000,000/],
    ),
    [name, { estimatedTokens: 300, atLeastTokens: 301 }, 'at_least_tokens', /at most .* of 300; it is 301/],
    [name, { estimatedTokens: 300, expected: { inputTokens: 300 } }, 'expected', /give one of the two/],
    [name, { expected: {} }, 'expected', /at least one token/],
    [name, { expected: { inputTokens: 0, totalTokens: 0 } }, 'expected', /at least one token/],
    [name, { expected: { inputTokens: -1 } }, 'expected.input_tokens', TOKENS],
    [name, { expected: { reasoningTokens: 1e12 + 1 } }, 'expected.reasoning_tokens', TOKENS],
    [name, { expected: { cacheReadTokens: 1, totalTokens: 1 } }, 'expected.total_tokens', /total alone/],
  ];
}

const bySlot: Row[] = [
  ...['', 'a b', 'a\u0000', 'ü', 'x'.repeat(129)].flatMap((aiId): Row[] => [
    ['acquire', { aiId }, 'ai_id', ID],
    ['availability', { aiId }, 'ai_id', ID],
  ]),
  ...['', 'a b', 'x'.repeat(129)].map((requestId): Row => ['acquire', { requestId }, 'request_id', ID]),
  ...[0, -1, 1e12 + 1].flatMap((tokens): Row[] => [
    ['acquire', { estimatedTokens: tokens }, 'estimated_tokens', /1 to 1,000,000,000,000/],
    ['availability', { estimatedTokens: tokens }, 'estimated_tokens', /1 to 1,000,000,000,000/],
    ['renew', { reserveTokens: tokens }, 'reserve_tokens', /1 to 1,000,000,000,000/],
  ]),
  ...(['acquire', 'availability'] as const).flatMap(byAsked),
  ...durations('acquire', 'leaseTtl', 'lease_ttl', /1 s to 366 days|legal/),
  ...durations('renew', 'leaseTtl', 'lease_ttl', /1 s to 366 days|legal/),
  ...durations('acquire', 'wait', 'wait', /0 s to 15 min|legal/),
  ['acquire', { leaseTtl: { seconds: 0, nanos: 999_999_999 } }, 'lease_ttl', /1 s/],
  ['acquire', { wait: { seconds: 900, nanos: 1 } }, 'wait', /15 min/],
  ...(['acquire', 'availability'] as const).flatMap((call): Row[] => [
    [call, { model: 'm'.repeat(129) }, 'model', /at most 128 bytes/],
    [call, { model: '(unknown)' }, 'model', /name the model/],
  ]),
  ['acquire', { labels: { '': 'x' } }, 'labels[""]', /1 to 32 bytes/],
  ['acquire', { labels: { ['k'.repeat(33)]: 'x' } }, `labels["${'k'.repeat(32)}"]`, /1 to 32 bytes/],
  ['acquire', { labels: { 'a\u0001': 'x' } }, 'labels["a\\u0001"]', /control/],
  ['acquire', { labels: { key: 'v'.repeat(65) } }, 'labels["key"]', /at most 64 bytes/],
  ['acquire', { labels: { key: '\u0000' } }, 'labels["key"]', /control/],
  ['acquire', { labels: Object.fromEntries([...'123456789'].map((n) => [n, n])) }, 'labels', /at most 8/],
  ['record', { subject: undefined }, 'subject', /lease_id and unleased/],
  ['record', { subject: { $case: 'leaseId', value: '' } }, 'lease_id', /1 to 160/],
  ['record', { subject: { $case: 'unleased', value: { aiId: 'x' } } }, 'unleased.budget_id', BUDGET_ID],
  ['record', { subject: { $case: 'unleased', value: { budgetId: 'a' } } }, 'unleased.ai_id', ID],
  ['getLease', { key: undefined }, 'key', /lease_id and request/],
  ['getLease', { key: { $case: 'leaseId', value: '' } }, 'lease_id', /1 to 160/],
  ...[
    [{ budgetId: '' }, 'budget_id', BUDGET_ID],
    [{ aiId: '' }, 'ai_id', ID],
    [{ requestId: '' }, 'request_id', ID],
  ].map(([changes, field, limits]): Row => {
    const value = { budgetId: 'a', aiId: 'b', requestId: 'c', ...(changes as object) };
    return ['getLease', { key: { $case: 'request', value } }, `request.${field}`, limits as RegExp];
  }),
];

const byDate: Row[] = [
  ...['', '2026-13', '2026-1', '26-01', '2026-01-01', 'x', '2026-01\n'].map(
    (month): Row => ['distribution', { month }, 'month', /YYYY-MM/],
  ),
  ...['', '2026-02-29', '2026-11-31', '2026-11-00', '2026-11', '٢٠٢٦-11-01'].flatMap((day): Row[] => [
    ['distribution', { day }, 'day', /YYYY-MM-DD/],
    ['adjust', { day }, 'day', /YYYY-MM-DD/],
    ['listUsage', { fromDay: day }, 'from_day', /YYYY-MM-DD/],
    ['listUsage', { toDay: day }, 'to_day', /YYYY-MM-DD/],
  ]),
  ['distribution', { month: '2026-10', day: '2026-11-01' }, 'day', /of the month "2026-10"/],
  ['listUsage', { fromDay: '2026-11-02', toDay: '2026-11-01' }, 'to_day', /before/],
  ['listUsage', { fromDay: '2025-01-01', toDay: '2026-01-03' }, 'to_day', /366 days/],
];

/** What stands for all that have no name of their own is nobody's name. */
const byReservedName: Row[] = [
  ['acquire', { aiId: '(other)' }, 'ai_id', /beyond the 5,000 .* name the AI itself/],
  ['availability', { aiId: '(other)' }, 'ai_id', /name the AI itself/],
  ['adjust', { aiId: '(other)' }, 'ai_id', /name the AI itself/],
  [
    'record',
    { subject: { $case: 'unleased', value: { budgetId: 'a', aiId: '(other)' } } },
    'unleased.ai_id',
    /name the AI itself/,
  ],
  ...ofUsage({ model: '(other)' }, 'model', /beyond the 500 .* name the model itself/),
  ...ofUsage({ model: '(unknown)' }, 'model', /name the model, or leave it empty/),
  ['adjust', { model: '(other)' }, 'model', /name the model itself/],
  [
    'update',
    { policy: { maxDailyPercentByAi: { '(other)': 5 } } },
    'policy.max_daily_percent_by_ai["(other)"]',
    /AI/,
  ],
  ...['(other)', '(unknown)'].map(
    (model): Row => [
      'update',
      { policy: { tokenWeightsByModel: { [model]: { totalPercent: 5 } } } },
      `policy.token_weights_by_model["${model}"]`,
      /must not be/,
    ],
  ),
];

const byAdmin: Row[] = [
  ['listUsage', { groupBy: 99 }, 'group_by', /DAY, HOUR, AI, MODEL, TEAM/],
  ['listDenials', { aiId: '' }, 'ai_id', ID],
  ['listDenials', { rule: 99 }, 'rule', /a rule of admission/],
  ['listDenials', { from: new Date(8.64e15) }, 'from', /must be a time/],
  ['listDenials', { from: new Date(2), to: new Date(1) }, 'to', /after from/],
  ['listDenials', { from: new Date(0), to: new Date(7 * 86_400_000 + 1) }, 'from', /7 days/],
  ['listUsage', { by: [0] }, 'by', /each must be DAY, AI, MODEL or TEAM, or HOUR alone/],
  ['listUsage', { by: [3, 3] }, 'by', /each once/],
  ['listUsage', { by: [1, 2] }, 'by', /HOUR stands alone/],
  ['listUsage', { by: [3], groupBy: 1 }, 'by', /goes without group_by/],
  ['listUsage', { groupBy: 2, aiId: 'a' }, 'ai_id', /goes without HOUR/],
  ['listUsage', { aiId: 'a b' }, 'ai_id', /characters that are not allowed/],
  ['listUsage', { teamId: 'A' }, 'team_id', /must be/],
  ['listUsage', { model: '' }, 'model', /it is empty/],
  ['listUsage', { orderBy: 9 }, 'order_by', /KEY, TOKENS, CALLS/],
  ['listUsage', { groupBy: -1 }, 'group_by', /DAY, HOUR, AI, MODEL, TEAM/],
  ...(
    ['listUsage', 'listLeases', 'listBudgets', 'listTopUps', 'listDenials', 'listChanges'] as const
  ).flatMap((name): Row[] => [
    [name, { pageSize: -1 }, 'page_size', /0 to 1,000/],
    [name, { pageToken: 'not a token' }, 'page_token', /next_page_token/],
    [name, { pageToken: 'e30' }, 'page_token', /next_page_token/],
    [name, { pageToken: 'W10' }, 'page_token', /next_page_token/],
    [name, { pageToken: 'x'.repeat(5_000) }, 'page_token', /next_page_token/],
  ]),
  ...['', 'a b', 'x'.repeat(129)].map(
    (adjustmentId): Row => ['adjust', { adjustmentId }, 'adjustment_id', ID],
  ),
  ...[0, 1e12 + 1, -1e12 - 1].map((tokens): Row => ['adjust', { tokens }, 'tokens', /not 0/]),
  ...['', 'r'.repeat(257), 'a\nb'].map((reason): Row => ['adjust', { reason }, 'reason', /bytes|control/]),
  ...(['addTopUp', 'endTopUp'] as const).flatMap((name) =>
    ['', 'a b', 'x'.repeat(65)].map((topUpId): Row => [name, { topUpId }, 'top_up_id', /1 to 64 printable/]),
  ),
  ['addTopUp', { topUpId: 'rollover-2026-12' }, 'top_up_id', /what a month leaves/],
  ...[0, -1, 1e12 + 1].map((tokens): Row => ['addTopUp', { tokens }, 'tokens', /1 to 1,000,000,000,000/]),
  ...[3, -1].map((kind): Row => ['addTopUp', { kind }, 'kind', /OVER_CAPS, .* or unset/]),
  ...['', 'r'.repeat(257)].map((reason): Row => ['addTopUp', { reason }, 'reason', /1 to 256 bytes/]),
  ['addTopUp', { aiId: '(other)' }, 'ai_id', /name the AI itself/],
  ['addTopUp', { expiresAt: undefined }, 'expires_at', /is required/],
  ...[8.64e15, Date.parse('0001-01-01T00:00:00Z') - 1].map(
    (ms): Row => ['addTopUp', { expiresAt: new Date(ms) }, 'expires_at', /0001-01-01.* to 9999-12-31/],
  ),
  ['addTopUp', { month: '2026-12' }, 'month', /give expires_at/],
  ['addTopUp', { teamId: 'Blue', aiId: undefined }, 'team_id', /1 to 63 characters/],
  ['addTopUp', { teamId: 'blue', aiId: 'guardian' }, 'team_id', /not both/],
  ['largerMonth', { teamId: 'blue' }, 'team_id', /everybody/],
  ['largerMonth', { month: '2026-13' }, 'month', /YYYY-MM/],
  ['largerMonth', { aiId: 'guardian' }, 'ai_id', /everybody/],
  ['largerMonth', { expiresAt: new Date(0) }, 'expires_at', /give month/],
  ...['', 'a b', 'x'.repeat(513)].map(
    (alertId): Row => ['acknowledgeAlert', { alertId }, 'alert_id', /1 to 512 printable/],
  ),
  ['acknowledgeAlert', { reason: 'r'.repeat(257) }, 'reason', /at most 256 bytes/],
  ['silenceAlerts', { reason: 'a\nb' }, 'reason', /control/],
  ['silenceAlerts', { until: new Date(8.64e15) }, 'until', /0001-01-01/],
  ...[99, -1].map(
    (rule): Row => ['silenceAlerts', { rules: [rule] }, 'rules[0]', /such as ALERT_RULE_WARNING/],
  ),
  ['silenceAlerts', { rules: Array(65).fill(5) }, 'rules', /at most 64/],
  ['endTopUp', { reason: 'r'.repeat(257) }, 'reason', /at most 256 bytes/],
  ['adjust', { aiId: '' }, 'ai_id', ID],
  ['adjust', { model: '' }, 'model', /1 to 128 bytes/],
  ['pause', { reason: 'r'.repeat(257) }, 'reason', /at most 256 bytes/],
  ['revoke', { reason: 'a\u0000' }, 'reason', /control/],
  ['deleteBudget', { etag: '' }, 'etag', /1 to 64 bytes/],
  ['update', { etag: '' }, 'etag', /1 to 64 bytes/],
  ['update', { etag: 'e'.repeat(65) }, 'etag', /1 to 64 bytes/],
];

const ofPolicy = (policy: object, field: string, limits: RegExp): Row => [
  'update',
  { policy },
  `policy.${field}`,
  limits,
];

const byPolicy: Row[] = [
  ...[0, -1, 1e12 + 1].map((value) => ofPolicy({ monthlyLimit: value }, 'monthly_limit', /1 to/)),
  ...[0, -1, 100.1, 33.33333, Number.NaN, Number.POSITIVE_INFINITY].flatMap((value) => [
    ofPolicy({ enforcedPercent: value }, 'enforced_percent', /above 0 and at most 100/),
    ofPolicy({ maxDailyPercentByAi: { x: value } }, 'max_daily_percent_by_ai["x"]', /at most 100/),
  ]),
  ofPolicy({ maxDailyPercentByAi: { 'a b': 5 } }, 'max_daily_percent_by_ai["a b"]', /AI id/),
  ofPolicy({ pacing: 9 }, 'pacing', /NONE, FLOOR, EVEN/),
  ofPolicy({ mode: 9 }, 'mode', /ENFORCE, OBSERVE/),
  ofPolicy({ onExpiry: -3 }, 'on_expiry', /CHARGE, REFUND/),
  ofPolicy({ cooldown: { seconds: -1 } }, 'cooldown', /0 s to 31 days/),
  ofPolicy({ cooldown: { seconds: 32 * 86_400 } }, 'cooldown', /31 days/),
  ofPolicy({ cooldown: { seconds: 1, nanos: 1 } }, 'cooldown', /whole number of milliseconds/),
  ofPolicy({ cooldown: { seconds: 1, nanos: -1 } }, 'cooldown', /legal/),
  ofPolicy({ leaseTtl: { seconds: Number.MAX_SAFE_INTEGER } }, 'lease_ttl', /legal/),
  ofPolicy({ maxConcurrent: 0 }, 'max_concurrent', /1 to 1,000/),
  ofPolicy({ maxConcurrentPerAi: 1_001 }, 'max_concurrent_per_ai', /1 to 1,000/),
  ofPolicy({ tokenWeights: { inputPercent: -1 } }, 'token_weights.input_percent', /0 to 10,000,000/),
  ofPolicy(
    { tokenWeightsByModel: { m: { totalPercent: 1e8 } } },
    'token_weights_by_model["m"].total_percent',
    /0 to 10,000,000/,
  ),
  ofPolicy({ timeZone: '' }, 'time_zone', /IANA/),
  ofPolicy({ timeZone: 'Mars/Olympus' }, 'time_zone', /IANA/),
  ofPolicy({ fallbackBudgetIds: ['a', 'B'] }, 'fallback_budget_ids[1]', BUDGET_ID),
  ['update', { updateMask: ['cooldwn'] }, 'update_mask', /"cooldwn" is no field/],
  ['update', { updateMask: ['policy.cooldown'] }, 'update_mask', /no field/],
  ['update', { updateMask: ['token_weights.nothing'] }, 'update_mask', /no field/],
  ['update', { updateMask: [] }, 'update_mask', /must name a field/],
];

const rows = [...byBudgetId, ...byLeaseId, ...byUsage, ...bySlot, ...byDate, ...byReservedName, ...byAdmin];

it.each([...rows, ...byPolicy])('%s refuses %j and names %s', async (name, changes, field, limits) => {
  const { method, codec, valid } = METHODS[name];
  harness.servicePort.asked = [];
  const request = (codec as { fromPartial(fields: object): unknown }).fromPartial({ ...valid, ...changes });
  const error = await failureOf(harness, method as never, request);
  expect(error).toMatchObject({
    code: status.INVALID_ARGUMENT,
    domain: 'budgetarbiter',
    reason: 'INVALID_FIELD',
  });
  expect(error.violations).toEqual([{ field, description: expect.stringMatching(limits) }]);
  expect(error.message).toContain(field);
  expect(harness.servicePort.asked).toEqual([]);
});

it.each([
  ['adjust', { model: '(unknown)' }],
  ['adjust', { aiId: '(unknown)' }],
  ['record', { usage: { usageId: 'u', model: '(unspecified)' } }],
  ['getLease', { key: { $case: 'request', value: { budgetId: 'a', aiId: '(other)', requestId: 'r' } } }],
] as const)('%s takes %j: what stands there can be read and corrected', async (name, changes) => {
  const { method, codec, valid } = METHODS[name];
  harness.servicePort.asked = [];
  const request = (codec as { fromPartial(fields: object): unknown }).fromPartial({ ...valid, ...changes });
  await ask(harness, method as never, request);
  expect(harness.servicePort.asked).toHaveLength(1);
});

it('names every field that is wrong', async () => {
  const request = budgets.AcquireSlotRequest.fromPartial({
    budgetId: '',
    aiId: '',
    estimatedTokens: 0,
    leaseTtl: { seconds: 0 },
  });
  const error = await failureOf(harness, budgets.BudgetServiceService.acquireSlot, request);
  const fields = error.violations.map(({ field }) => field);
  expect(fields).toEqual(['budget_id', 'ai_id', 'estimated_tokens', 'lease_ttl']);
  for (const field of fields) expect(error.message).toContain(`${field}: `);
});

it('fits a hundred wrong fields into a header that clients take', async () => {
  const names = Array.from({ length: 400 }, (_, index) => `ü${'x'.repeat(90)}${index}`);
  const request = admin.UpdateBudgetRequest.fromPartial({
    budgetId: 'anthropic',
    policy: { maxDailyPercentByAi: Object.fromEntries(names.map((name) => [name, 5])) },
  });
  const error = await failureOf(harness, admin.BudgetAdminServiceService.updateBudget, request);
  expect(error.violations.at(-1)?.description).toMatch(/^3\d\d more fields are wrong$/);
});

it.each(['anthropic:1:1', 'not-ours', 'anthropic:0:1:abc', 'Anthropic:1:1:abc'])(
  'takes %s for a lease that was never granted',
  async (leaseId) => {
    const request = budgets.ReleaseRequest.fromPartial({ leaseId });
    const error = await failureOf(harness, budgets.BudgetServiceService.release, request);
    expect(error).toMatchObject({
      code: status.NOT_FOUND,
      reason: 'LEASE_NOT_FOUND',
      metadata: { lease_id: leaseId },
    });
    expect(error.message).toContain('unleased');
  },
);

it('takes a failed call of no tokens along with a slot that was not used, and none with tokens', async () => {
  const release = (inputTokens: number) =>
    budgets.ReleaseRequest.fromPartial({
      leaseId: LEASE_ID,
      unreported: budgets.Unreported.UNREPORTED_UNUSED,
      usage: { usageId: 'call', failed: true, tokens: { inputTokens } },
    });
  const error = await failureOf(harness, budgets.BudgetServiceService.release, release(1));
  expect(error.violations).toMatchObject([{ field: 'usage.tokens' }]);
  expect(await ask(harness, budgets.BudgetServiceService.release, release(0))).toHaveProperty('answer');
});
