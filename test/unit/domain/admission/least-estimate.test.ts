import { describe, expect, it } from 'vitest';
import { parseLeaseId } from '../../../../src/domain/model/lease-id.js';
import type { PolicyFields } from '../../../../src/domain/model/policy.js';
import type { LeaseRef } from '../../../../src/domain/model/requests.js';
import { ROOMY, TestBudget } from '../../../support/budget.js';
import { randomFrom, testSeed } from '../../../support/seed.js';

const HOUR_MS = 3_600_000;

/** What is reserved is all that holds back those who come after: whoever asks for little and spends much must not open a cap. */
describe('the least estimate', () => {
  it.each<[string, PolicyFields, number | undefined, number]>([
    ['raises a smaller estimate', { minEstimate: 500 }, 1, 500],
    ['leaves a larger one', { minEstimate: 500 }, 501, 501],
    ['is none by default', {}, 1, 1],
    [
      'holds without an estimate, too: nobody gets less by saying nothing',
      { minEstimate: 500, defaultReservation: 50 },
      undefined,
      500,
    ],
    ['leaves a larger default', { minEstimate: 500, defaultReservation: 600 }, undefined, 600],
    ['leaves a larger part of what is left', { minEstimate: 500 }, undefined, 10_000],
  ])('%s', (_, policy, asked, reserved) => {
    expect(new TestBudget({ ...ROOMY, ...policy }).grant('a', asked).view.reservedTokens).toBe(reserved);
  });

  it('is what a peek and a denial speak of', () => {
    const budget = new TestBudget({ ...ROOMY, maxHourlyPercent: 0.1, minEstimate: 600 });
    budget.grant('a', 1);
    expect(budget.deny('b', 1).blockers).toMatchObject([
      { rule: 'HOURLY_CAP', requested: 600, reserved: 600 },
    ]);
    const peek = { kind: 'get-availability', aiId: 'b', estimatedTokens: 1 } as const;
    expect(budget.do(peek)).toMatchObject({
      ...{ kind: 'availability', availableTokens: 400 },
      denial: { blockers: [{ rule: 'HOURLY_CAP', requested: 600 }] },
    });
  });

  it('is no part of the content of a request: what was granted before it is found again as it is', () => {
    const budget = new TestBudget(ROOMY);
    const asked = { requestId: 'r', fingerprint: 'asked for 1', estimatedTokens: 1 };
    const before = budget.grant('a', 1, asked);
    budget.do({ kind: 'put-policy', fields: { ...ROOMY, minEstimate: 500 } });
    const again = budget.acquire('a', asked);
    expect(again).toMatchObject({
      kind: 'granted',
      replayed: true,
      lease: { leaseId: before.view.leaseId, reservedTokens: 1 },
    });
    const other = budget.acquire('a', { ...asked, estimatedTokens: 500, fingerprint: 'asked for 500' });
    expect(other).toMatchObject({ kind: 'refused', refusal: { reason: 'ID_REUSED' } });
  });

  it('raises no raise: that asks for a sum, and the lease holds the least already', () => {
    const budget = new TestBudget({ ...ROOMY, minEstimate: 500 });
    const lease = budget.grant('a', 1);
    const raised = (reserveTokens: number) =>
      budget.do<'renewed'>({ kind: 'renew', lease, reserveTokens }).lease.reservedTokens;
    expect([raised(10), raised(501)]).toEqual([500, 501]);
  });

  it('without it, 100 AIs that ask for 1 and spend 5,000 pass the cap; with it none do', () => {
    const spentBy = (minEstimate: number) => {
      const budget = new TestBudget({ ...ROOMY, maxHourlyPercent: 0.7, minEstimate });
      const asked = Array.from({ length: 100 }, (_, at) =>
        budget.acquire(`ai-${at}`, { estimatedTokens: 1 }),
      );
      for (const outcome of asked) {
        const lease = outcome.kind === 'granted' && parseLeaseId(outcome.lease.leaseId);
        if (lease) budget.record(lease, 5_000);
      }
      return budget.window('HOUR').spent;
    };
    // The cap is 7,000.
    expect([spentBy(0), spentBy(5_000)]).toEqual([500_000, 5_000]);
  });

  const seed = testSeed('least-estimate');
  it(`keeps AIs that report no more than it within the hour's cap, whatever they ask (seed ${seed})`, () => {
    const random = randomFrom(seed);
    for (let run = 0; run < 30; run += 1) oneHour(random);
  });
});

/** 100 AIs ask for little or nothing, and report at most the least estimate each, in time or late; some crash. */
function oneHour(random: () => number): void {
  const minEstimate = 1 + Math.floor(random() * 900);
  const pacing = random() < 0.5 ? 'NONE' : 'EVEN';
  // Under REFUND what a crashed AI reports late comes on top: its reservation was given back.
  const policy = {
    ...ROOMY,
    maxHourlyPercent: 0.7,
    minEstimate,
    pacing,
    onExpiry: 'CHARGE',
    leaseTtlMs: 60_000,
  } as const;
  const budget = new TestBudget(policy);
  const leases: LeaseRef[] = [];
  for (let at = 0; at < 100; at += 1) {
    const estimate = random() < 0.2 ? {} : { estimatedTokens: 1 + Math.floor(random() * 3) };
    const outcome = budget.acquire(`ai-${at}`, estimate);
    const lease = outcome.kind === 'granted' ? parseLeaseId(outcome.lease.leaseId) : undefined;
    if (lease !== undefined) leases.push(lease);
    if (random() < 0.3) budget.pass(Math.floor((random() * HOUR_MS) / 100));
    const due = random() < 0.6 ? leases.shift() : undefined;
    if (due !== undefined) {
      const tokens = Math.floor(random() * (minEstimate + 1));
      if (random() < 0.5) budget.record(due, tokens);
      else budget.release(due, tokens);
    }
    const { spent, reserved } = budget.window('HOUR');
    expect(spent + reserved).toBeLessThanOrEqual(7_000);
  }
}
