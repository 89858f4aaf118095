import { describe, expect, it } from 'vitest';
import { parseLeaseId } from '../../../src/domain/model/lease-id.js';
import type { PolicyFields } from '../../../src/domain/model/policy.js';
import { TestBudget } from '../../support/budget.js';
import { RandomHistory } from '../../support/random-history.js';
import { randomFrom, testSeed } from '../../support/seed.js';

const HISTORIES = 40;
const STEPS = 250;
const MONTHS = 15;
const HOUR_MS = 3_600_000;

describe('random histories', () => {
  const seed = testSeed('invariants');

  it(`keep every invariant (seed ${seed})`, { timeout: 600_000 }, () => {
    for (let at = 0; at < HISTORIES; at += 1) {
      const history = new RandomHistory(randomFrom(seed + at));
      for (let step = 0; step < STEPS; step += 1) {
        try {
          history.step();
        } catch (error) {
          throw new Error(`history ${at}, step ${step}, SEED=${seed}: ${error}`, { cause: error });
        }
      }
    }
  });

  it(`find the daily minimum on every day under FLOOR (seed ${seed})`, () => {
    for (let at = 0; at < MONTHS; at += 1) spendAMonth(randomFrom(seed + 1_000 + at));
  });
});

/** Any demand within its reservations: bursts, crashes, leases over midnight. Every day begins with its minimum. */
function spendAMonth(random: () => number): void {
  const onExpiry = random() < 0.5 ? 'CHARGE' : 'REFUND';
  const policy: PolicyFields = { cooldownMs: 0, maxConcurrent: 3, maxHourlyPercent: 8, onExpiry };
  const budget = new TestBudget(policy, '2026-11-01T00:00:00Z');
  for (let day = 1; day <= 30; day += 1) {
    budget.at(`2026-11-${String(day).padStart(2, '0')}T00:00:00Z`);
    expect(budget.window('DAY').cap, `day ${day}`).toBeGreaterThanOrEqual(2_800);
    for (let ask = 0; ask < 12; ask += 1) {
      budget.pass(Math.floor(random() * 2 * HOUR_MS * 0.99));
      const estimatedTokens = 1 + Math.floor(random() * 6_000);
      const outcome = budget.acquire(`ai-${ask % 3}`, { estimatedTokens, leaseTtlMs: 1_800_000 });
      const lease = outcome.kind === 'granted' ? parseLeaseId(outcome.lease.leaseId) : undefined;
      if (lease === undefined || outcome.kind !== 'granted' || random() < 0.2) continue;
      budget.release(lease, Math.floor(random() * (outcome.lease.reservedTokens + 1)));
    }
    budget.writeOut();
  }
}
