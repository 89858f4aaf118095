import { type Lease, LeaseState, Rule } from '../../src/gen/budgetarbiter/v1/budget.js';
import {
  AcquireSlotResponse,
  BudgetServiceService,
  RecordUsageResponse,
  ReleaseResponse,
} from '../../src/gen/budgetarbiter/v1/budget_service.js';

const HOUR_MS = 3_600_000;
const grantedAt = new Date();

/** As the service answers the cycle of the benchmark, to the byte or nearly. */
const lease: Partial<Lease> = {
  leaseId: 'bench-cycle.1.123456.AbCdEfGhIjKlMnOpQrStUv',
  fence: 123_456,
  requestId: 'r1c64-12-3456',
  budgetId: 'bench-cycle',
  aiId: 'ai-12',
  state: LeaseState.LEASE_STATE_LIVE,
  reservedTokens: 200,
  usedTokens: 0,
  grantedAt,
  expiresAt: new Date(grantedAt.getTime() + HOUR_MS),
  expiresIn: { seconds: 120, nanos: 0 },
  renewableUntil: new Date(grantedAt.getTime() + HOUR_MS),
};

const granted = AcquireSlotResponse.fromPartial({
  outcome: { $case: 'granted', value: { lease, replayed: false } },
});

const denied = AcquireSlotResponse.fromPartial({
  outcome: {
    $case: 'denied',
    value: {
      blockers: [
        {
          rule: Rule.RULE_CONCURRENCY,
          limit: 1,
          spent: 1,
          requested: 1,
          availableAt: new Date(grantedAt.getTime() + HOUR_MS),
          message: 'All 1 slots are taken; the earliest of their leases ends 2026-11-24T16:00:00Z.',
        },
      ],
      retryAfter: { seconds: 3_599, nanos: 0 },
      availableAt: new Date(grantedAt.getTime() + HOUR_MS),
    },
  },
});

const recorded = RecordUsageResponse.fromPartial({
  chargedTokens: 180,
  lease: { ...lease, usedTokens: 180 },
});
const released = ReleaseResponse.fromPartial({ usedTokens: 180, freedTokens: 20 });

/** The bytes of an answer by the path of its method. */
export function echoAnswers(acquire: 'granted' | 'denied'): ReadonlyMap<string, Buffer> {
  return new Map([
    [
      BudgetServiceService.acquireSlot.path,
      Buffer.from(AcquireSlotResponse.encode(acquire === 'granted' ? granted : denied).finish()),
    ],
    [BudgetServiceService.recordUsage.path, Buffer.from(RecordUsageResponse.encode(recorded).finish())],
    [BudgetServiceService.release.path, Buffer.from(ReleaseResponse.encode(released).finish())],
  ]);
}
