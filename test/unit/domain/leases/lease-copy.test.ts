import { expect, it } from 'vitest';
import { copyOf } from '../../../../src/domain/leases/lease-copy.js';
import type { StoredLease } from '../../../../src/domain/model/state.js';

/** One that has every field there is: a new one must be added here, and is then missed in a copy that forgets it. */
const EVERY_FIELD: Required<StoredLease> = {
  ...{ leaseId: 'b:1:7:n', fence: 7, aiId: 'ai', requestId: 'r', fingerprint: 'f' },
  ...{ reserved: 200, used: 120, roundedUp: 3, grantedAt: 1, expiresAt: 2, renewableUntil: 3, ttlMs: 4 },
  ...{ reportedAt: 5, day: '2026-11-15', hourStart: 6, previousGrantAt: 0, labels: { team: 'blue' } },
  ...{ model: 'm', session: { id: 's', stream: 't', owner: 'o' }, renewed: true, topUpId: 'u' },
};

it('copies every field of a lease', () => {
  expect(copyOf(EVERY_FIELD)).toStrictEqual(EVERY_FIELD);
});

it('makes no field that a lease does not have', () => {
  const { reportedAt, previousGrantAt, labels, model, session, renewed, topUpId, ...plain } = EVERY_FIELD;
  expect(copyOf(plain)).toStrictEqual(plain);
});
