import { describe, expect, it } from 'vitest';
import { logDenial, logEvent, logLostRace } from '../../../src/arbiter/event-log.js';
import { DEFAULT_POLICY } from '../../../src/domain/model/policy.js';
import type { StoredAlert } from '../../../src/domain/model/state.js';
import type { LeaseView } from '../../../src/domain/model/types.js';
import { collectedLog } from '../../support/collected-log.js';

const AT = Date.parse('2026-11-01T09:00:00Z');
const LEASE: LeaseView = {
  leaseId: 'anthropic:1:7:n',
  fence: 7,
  requestId: 'r',
  budgetId: 'anthropic',
  aiId: 'guardian',
  status: 'LIVE',
  reservedTokens: 500,
  usedTokens: 120,
  presumedTokens: 0,
  grantedAt: AT,
  expiresAt: AT + 1,
  renewableUntil: AT + 2,
  labels: {},
  asOf: AT,
};
const WHO = {
  budget: 'anthropic',
  ai: 'guardian',
  lease: 'anthropic:1:7:n',
  fence: 7,
  reserved: 500,
  used: 120,
};
const ALERT: StoredAlert = {
  rule: 'WARNING',
  window: 'MONTH',
  windowStart: AT,
  raisedAt: AT,
  value: 112_000,
  threshold: 112_000,
  message: '80% is spent',
};
const BUDGET = {
  budgetId: 'anthropic',
  policyFields: {},
  policy: DEFAULT_POLICY,
  etag: '3',
  createdAt: AT,
  zone: 'UTC',
};

describe('the event log', () => {
  it.each<[Parameters<typeof logEvent>[2], string, string, object]>([
    [{ kind: 'granted', at: AT, lease: LEASE }, 'info', 'slot granted', WHO],
    [
      { kind: 'granted', at: AT, lease: LEASE, askedTokens: 900 },
      'info',
      'slot granted, for less than was asked',
      { ...WHO, asked: 900 },
    ],
    [{ kind: 'released', at: AT, lease: LEASE }, 'info', 'slot released', WHO],
    [
      { kind: 'expired', at: AT, lease: { ...LEASE, presumedTokens: 380 } },
      'warn',
      'lease expired',
      { ...WHO, presumed: 380 },
    ],
    [{ kind: 'revoked', at: AT, lease: LEASE }, 'warn', 'lease revoked', WHO],
    [
      { kind: 'overrun', at: AT, lease: LEASE, tokens: 40 },
      'warn',
      'usage above the reservation',
      { ...WHO, overrun: 40 },
    ],
    [
      { kind: 'alert', at: AT, alert: ALERT, change: 'RAISED' },
      'warn',
      'alert: 80% is spent',
      {
        budget: 'anthropic',
        rule: 'WARNING',
        window: 'MONTH',
        windowStart: '2026-11-01T09:00:00.000Z',
        value: 112_000,
        threshold: 112_000,
      },
    ],
    [
      { kind: 'changed', at: AT, budget: { ...BUDGET, pause: { reason: 'audit', at: AT } } },
      'info',
      'budget changed',
      { budget: 'anthropic', etag: '3', paused: true, reason: 'audit' },
    ],
  ])('$0.kind', (event, level, message, fields) => {
    const log = collectedLog();
    logEvent(log, 'anthropic', event);
    expect(log.entries).toEqual([{ level, message, fields }]);
  });

  it('tells the end of an alert at info', () => {
    const log = collectedLog();
    const alert = { ...ALERT, endedAt: AT + 1 };
    logEvent(log, 'anthropic', { kind: 'alert', at: AT, alert, change: 'ENDED' });
    expect(log.entries[0]).toMatchObject({ level: 'info', message: 'alert ended: 80% is spent' });
  });

  it.each(['AWAY', 'BACK', 'HANDLED'] as const)('tells nobody that an alert is %s', (change) => {
    const log = collectedLog();
    logEvent(log, 'anthropic', { kind: 'alert', at: AT, alert: ALERT, change });
    expect(log.entries).toEqual([]);
  });

  it('tells denials and lost races at debug', () => {
    const log = collectedLog();
    const blocker = { limit: 2, spent: 2, reserved: 0, requested: 1, message: '' };
    logDenial(log, 'anthropic', 'guardian', {
      blockers: [
        { rule: 'COOLDOWN', ...blocker },
        { rule: 'CONCURRENCY', ...blocker },
      ],
      retryAfterMs: 900,
      permanent: false,
      fallbackBudgetIds: [],
    });
    logLostRace(log, 'anthropic', 2, 15);
    expect(log.entries).toEqual([
      {
        level: 'debug',
        message: 'slot denied',
        fields: {
          budget: 'anthropic',
          ai: 'guardian',
          rules: ['COOLDOWN', 'CONCURRENCY'],
          retryAfterMs: 900,
          permanent: false,
        },
      },
      {
        level: 'debug',
        message: 'commit lost a race',
        fields: { budget: 'anthropic', attempt: 2, backoffMs: 15 },
      },
    ]);
  });
});
