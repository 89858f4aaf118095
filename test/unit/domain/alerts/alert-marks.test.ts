import { describe, expect, it } from 'vitest';
import {
  forgettableMarks,
  leaseExpiredAlert,
  overrunAlert,
  updateMarks,
} from '../../../../src/domain/alerts/alerts.js';
import type { AlertCondition } from '../../../../src/domain/alerts/condition.js';
import type { StoredAlert, StoredLease } from '../../../../src/domain/model/state.js';

const HOUR = 3_600_000;

function condition(
  holds: boolean,
  windowStart = 0,
  rule: AlertCondition['rule'] = 'HOURLY_BURST',
): AlertCondition {
  return { rule, window: 'HOUR', windowStart, value: 9, threshold: 8, holds, message: () => 'much' };
}

describe('marks of alerts', () => {
  it('are raised with what the condition says, for those who are yet to be told', () => {
    expect(updateMarks(new Map(), [condition(true, 7), condition(false, 8, 'WARNING')], 42)).toEqual([
      {
        key: 'HOURLY_BURST 7',
        change: 'RAISED',
        alert: {
          rule: 'HOURLY_BURST',
          window: 'HOUR',
          windowStart: 7,
          raisedAt: 42,
          value: 9,
          threshold: 8,
          message: 'much',
          notice: { number: 1, raisedAt: 42 },
          untold: true,
        },
      },
    ]);
  });

  it('are forgotten once no condition can meet them again', () => {
    const month = { key: '2026-11', start: 1_000 * HOUR, end: 1_720 * HOUR };
    const mark = (
      rule: string,
      window: StoredAlert['window'],
      windowStart: number,
      endedAt?: number,
    ): StoredAlert => {
      const figures = { raisedAt: windowStart, value: 1, threshold: 0, message: '' };
      return { rule, window, windowStart, ...figures, ...(endedAt !== undefined && { endedAt }) };
    };
    const marks = [
      mark('OLD_HOUR', 'HOUR', 1_100 * HOUR, 1_101 * HOUR),
      mark('OLD_MONTH', 'MONTH', 300 * HOUR, 1_000 * HOUR),
      mark('THIS_MONTH', 'MONTH', 1_000 * HOUR, 1_001 * HOUR),
      mark('OPEN', 'DAY', 1_100 * HOUR),
      mark('RECENT', 'HOUR', 1_190 * HOUR, 1_191 * HOUR),
    ];
    const keyed = new Map(marks.map((kept) => [kept.rule, kept]));
    expect(forgettableMarks(keyed, month, 1_200 * HOUR)).toEqual(['OLD_HOUR', 'OLD_MONTH']);
  });
});

describe('events of leases', () => {
  const hour = { start: 10 * HOUR, end: 11 * HOUR };
  const lease: StoredLease = {
    leaseId: 'anthropic:1:12:x',
    fence: 12,
    aiId: 'guardian',
    requestId: 'r',
    fingerprint: '',
    reserved: 500,
    used: 200,
    roundedUp: 0,
    grantedAt: 10 * HOUR,
    expiresAt: 10 * HOUR + 120_000,
    renewableUntil: 11 * HOUR,
    ttlMs: 120_000,
    day: '1970-01-01',
    hourStart: 10 * HOUR,
  };

  const where = { policy: { unit: 'tokens' }, month: { start: 0 }, hour, zone: 'UTC', clock: hour.start + 5 };

  it('an expiry: who, when, and what became of its tokens', () => {
    const alert = leaseExpiredAlert(where, lease, 300);
    expect(alert).toMatchObject({
      rule: 'LEASE_EXPIRED',
      window: 'HOUR',
      windowStart: hour.start,
      value: 300,
    });
    expect(alert).toMatchObject({ raisedAt: hour.start + 5, endedAt: hour.start + 5 });
    expect(alert.message).toMatch(/lease of guardian \(fence 12.*within 2 min.*300 tokens .* presumed spent/);
    expect(leaseExpiredAlert(where, lease, 0).message).toMatch(/300 tokens that it held are free again/);
  });

  it('an overrun: how far above the reservation', () => {
    const alert = overrunAlert(where, { ...lease, used: 650 }, 150);
    expect(alert).toMatchObject({ rule: 'OVERRUN', windowStart: hour.start, value: 650, threshold: 500 });
    expect(alert.message).toMatch(
      /guardian spent 650 tokens on a lease that had reserved 500 \(fence 12\): 150 more/,
    );
  });
});
