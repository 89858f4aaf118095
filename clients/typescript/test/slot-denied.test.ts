import { expect, it } from 'vitest';
import { SlotDenied } from '../src/denial/slot-denied.js';
import { Denial, Rule } from '../src/gen/budgetarbiter/v1/budget.js';

const denial = (rules: readonly Rule[], more = {}) =>
  new SlotDenied(
    Denial.fromPartial({ blockers: rules.map((rule) => ({ rule, message: Rule[rule] ?? 'new' })), ...more }),
    'anthropic',
    'guardian',
  );
const after = (seconds: number) => ({ retryAfter: { seconds, nanos: 500_000_000 } });

it.each([
  ['soon', denial([Rule.RULE_HOURLY_CAP], after(29)), 429, { 'retry-after': '30' }],
  [
    'now',
    denial([Rule.RULE_CONCURRENCY], { retryAfter: { seconds: 0, nanos: 0 } }),
    429,
    { 'retry-after': '1' },
  ],
  [
    'later than a client should sleep',
    denial([Rule.RULE_DAILY_CAP], after(60)),
    429,
    { 'retry-after': '61', 'x-should-retry': 'false' },
  ],
  ['nobody knows when', denial([Rule.RULE_PAUSED]), 503, { 'x-should-retry': 'false' }],
  ['never', denial([Rule.RULE_REQUEST_TOO_LARGE], { permanent: true }), 400, { 'x-should-retry': 'false' }],
] as const)('answers over HTTP a denial that ends %s', (_, denied, status, headers) => {
  const answer = denied.toHttp();
  expect(answer).toMatchObject({ status, headers: { 'content-type': 'application/json', ...headers } });
  expect(Object.keys(answer.headers)).toHaveLength(1 + Object.keys(headers).length);
  expect(JSON.parse(answer.body).error).toMatchObject({ type: 'budget_denied', rules: denied.rules });
});

it('says what the service said', () => {
  const denied = denial([Rule.RULE_HOURLY_CAP, 99 as Rule], { ...after(2), fallbackBudgetIds: ['spare'] });
  expect(denied).toMatchObject({
    message: 'RULE_HOURLY_CAP; new',
    rules: ['HOURLY_CAP', '99'],
    retryAfter: 2.5,
    permanent: false,
    fallbackBudgetIds: ['spare'],
    budget: 'anthropic',
    ai: 'guardian',
  });
});
