import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ArbiterError, type ArbiterFailure } from '../../src/arbiter/service-port.js';
import type { Refusal } from '../../src/domain/model/outcomes.js';
import {
  BudgetAdminServiceService,
  UpdateBudgetRequest,
} from '../../src/gen/budgetarbiter/v1/budget_admin_service.js';
import {
  BudgetServiceService,
  GetDistributionRequest,
  ReleaseRequest,
} from '../../src/gen/budgetarbiter/v1/budget_service.js';
import { closedLease, LEASE_ID } from '../support/samples.js';
import { failureOf, type Harness, startHarness } from './support/harness.js';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness({
    getDistribution: async () => ({
      kind: 'refused',
      refusal: { reason: 'BUDGET_NOT_FOUND', budgetId: 'a' },
    }),
  });
});
afterAll(() => harness.stop());

const release = () =>
  failureOf(harness, BudgetServiceService.release, ReleaseRequest.fromPartial({ leaseId: LEASE_ID }));

const VIOLATIONS = [
  { field: 'policy.min_daily_percent', description: 'lower it' },
  { field: 'policy.pacing', description: 'or use another' },
];

describe('refusals', () => {
  it.each<[Refusal, keyof typeof status, object]>([
    [{ reason: 'BUDGET_NOT_FOUND', budgetId: 'x' }, 'NOT_FOUND', { metadata: { budget_id: 'x' } }],
    [{ reason: 'LEASE_NOT_FOUND', leaseId: LEASE_ID }, 'NOT_FOUND', { metadata: { lease_id: LEASE_ID } }],
    [
      { reason: 'LEASE_CLOSED', lease: closedLease() },
      'FAILED_PRECONDITION',
      { metadata: { lease_id: LEASE_ID, state: 'EXPIRED' }, message: expect.stringContaining('new slot') },
    ],
    [
      { reason: 'ID_REUSED', field: 'usage_id', id: 'u-1' },
      'FAILED_PRECONDITION',
      { metadata: { usage_id: 'u-1' }, message: expect.stringMatching(/usage_id "u-1".*new id/) },
    ],
    [
      { reason: 'ID_REUSED', field: 'lease_id', id: 'a:1:2:n' },
      'FAILED_PRECONDITION',
      {
        metadata: { lease_id: 'a:1:2:n' },
        // There is no other id for a lease that was released.
        message: expect.stringMatching(/^(?!.*new id).*"a:1:2:n".*RecordUsage/),
      },
    ],
    [
      { reason: 'REPORT_TOO_LARGE', charge: 5_000, limit: 1_000, unit: 'tokens' },
      'INVALID_ARGUMENT',
      { violations: [{ field: 'usage.tokens', description: expect.stringContaining('5,000') }] },
    ],
    [
      { reason: 'AMOUNT_OVERFLOW', field: 'usage.tokens' },
      'INVALID_ARGUMENT',
      { violations: [{ field: 'usage.tokens', description: expect.stringContaining('2^53') }] },
    ],
    [{ reason: 'ETAG_MISMATCH', current: '8' }, 'ABORTED', { metadata: { etag: '8' } }],
    [
      { reason: 'ETAG_MISMATCH', current: '' },
      'ABORTED',
      { metadata: {}, message: expect.stringMatching(/no budget.*leave the etag out to create it$/) },
    ],
    [{ reason: 'SESSION_TAKEN_UP' }, 'ABORTED', { message: expect.stringContaining('RecordUsage') }],
    [{ reason: 'LEASES_LIVE', count: 2 }, 'FAILED_PRECONDITION', { metadata: { live_leases: '2' } }],
    [
      { reason: 'BELOW_ZERO', available: 5, of: 'the day 2026-11-15', unit: 'tokens' },
      'FAILED_PRECONDITION',
      { message: expect.stringContaining('only 5 tokens of the day 2026-11-15') },
    ],
    [
      { reason: 'BELOW_ZERO', available: 1_240_000, of: 'the day 2026-11-15', unit: 'USD' },
      'FAILED_PRECONDITION',
      { message: expect.stringContaining('only $1.24 of the day 2026-11-15') },
    ],
    [
      { reason: 'UNIT_IN_USE', unit: 'tokens', asked: 'USD', month: '2026-11' },
      'FAILED_PRECONDITION',
      {
        metadata: { unit: 'tokens' },
        message: expect.stringMatching(/counts tokens .*USD.*2026-11 has usage/),
      },
    ],
    [
      { reason: 'UNIT_IN_USE', unit: 'USD', asked: 'tokens' },
      'FAILED_PRECONDITION',
      { message: expect.stringMatching(/a lease lives: wait/) },
    ],
    [{ reason: 'INVALID_FIELD', violations: VIOLATIONS }, 'INVALID_ARGUMENT', { violations: VIOLATIONS }],
    [{ reason: 'UNWORKABLE_POLICY', violations: VIOLATIONS }, 'INVALID_ARGUMENT', { violations: VIOLATIONS }],
    [{ reason: 'STATE_FULL', bytes: 12_582_913 }, 'RESOURCE_EXHAUSTED', { retryAfterSeconds: 60 }],
    [{ reason: 'OUTBOX_FULL' }, 'UNAVAILABLE', { reason: 'STORE_UNAVAILABLE', retryAfterSeconds: 1 }],
    [
      { reason: 'CLOCK_NOT_TRUSTED', detail: 'it is 7 s ahead' },
      'UNAVAILABLE',
      { retryAfterSeconds: 10, message: expect.stringContaining('it is 7 s ahead') },
    ],
    [
      { reason: 'CLOCK_NOT_TRUSTED', detail: 'it stepped', needsAllBudgets: true },
      'UNAVAILABLE',
      { retryAfterSeconds: 10, message: expect.stringMatching(/operator over all of them \(budgets "\*"\)/) },
    ],
  ])('%o is %s', async (refusal, code, rest) => {
    harness.servicePort.refuse(refusal);
    expect(await release()).toMatchObject({
      code: status[code],
      domain: 'budgetarbiter',
      reason: refusal.reason,
      ...rest,
    });
  });

  it('reaches the caller from the statistics, too', async () => {
    const request = GetDistributionRequest.fromPartial({ budgetId: 'a' });
    const error = await failureOf(harness, BudgetServiceService.getDistribution, request);
    expect(error).toMatchObject({ code: status.NOT_FOUND, reason: 'BUDGET_NOT_FOUND' });
  });
});

describe('failures of the arbiter', () => {
  it.each<[ArbiterFailure, keyof typeof status, string | undefined, number | undefined]>([
    ['QUEUE_FULL', 'RESOURCE_EXHAUSTED', 'QUEUE_FULL', 1],
    ['STORE_UNAVAILABLE', 'UNAVAILABLE', 'STORE_UNAVAILABLE', 1],
    ['STORE_REFUSED', 'INVALID_ARGUMENT', 'INVALID_FIELD', undefined],
    ['SHUTTING_DOWN', 'UNAVAILABLE', 'SHUTTING_DOWN', 1],
    ['CANCELLED', 'CANCELLED', undefined, undefined],
  ])('%s is %s', async (failure, code, reason, retryAfterSeconds) => {
    harness.servicePort.fail(new ArbiterError(failure, 'what to do'));
    expect(await release()).toMatchObject({
      code: status[code],
      message: 'what to do',
      reason,
      retryAfterSeconds,
    });
  });

  it('passes on when to come back', async () => {
    harness.servicePort.fail(new ArbiterError('QUEUE_FULL', 'too many', 7_000));
    expect(await release()).toMatchObject({ retryAfterSeconds: 7 });
  });
});

describe('errors that nobody foresaw', () => {
  const logged = () => harness.logged.filter(({ level }) => level === 'error');

  it('are told to the log, and to the caller by their id alone', async () => {
    harness.logged.length = 0;
    const secret = new Error('password 123 in /etc/secret');
    harness.servicePort.fail(secret);
    const error = await release();
    expect(error).toMatchObject({ code: status.INTERNAL, reason: undefined, violations: [] });
    expect(error.message).toContain('nonce-1');
    expect(error.message).not.toMatch(/password|secret|\.ts/);
    expect(logged()).toEqual([
      expect.objectContaining({
        fields: { method: BudgetServiceService.release.path, errorId: 'nonce-1', err: secret },
      }),
    ]);
  });

  it('are caught in the answer, too', async () => {
    harness.logged.length = 0;
    harness.servicePort.answer = () => ({
      kind: 'released',
      usedTokens: 0.5,
      freedTokens: 0,
      overrunTokens: 0,
      replayed: false,
    });
    expect((await release()).code).toBe(status.INTERNAL);
    expect(logged()).toHaveLength(1);
  });

  it('survive thrown things that are no errors', async () => {
    harness.servicePort.fail('half a \ud800 character' as never);
    expect((await release()).code).toBe(status.INTERNAL);
    harness.servicePort.fail(new ArbiterError('QUEUE_FULL', 'half a \ud800 character'));
    expect((await release()).code).toBe(status.RESOURCE_EXHAUSTED);
  });
});

it('passes on the fields of a policy that cannot work', async () => {
  harness.servicePort.refuse({ reason: 'UNWORKABLE_POLICY', violations: VIOLATIONS });
  const request = UpdateBudgetRequest.fromPartial({ budgetId: 'a', policy: {} });
  const error = await failureOf(harness, BudgetAdminServiceService.updateBudget, request);
  expect(error.violations).toEqual(VIOLATIONS);
  expect(error.message).toBe(
    VIOLATIONS.map(({ field, description }) => `${field}: ${description}`).join('; '),
  );
});
