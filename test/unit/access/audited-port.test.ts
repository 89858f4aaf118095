import { beforeEach, describe, expect, it } from 'vitest';
import { AuditedPort } from '../../../src/access/audited-port.js';
import { NOBODY } from '../../../src/arbiter/pending.js';
import { ArbiterError, type CallerRequest } from '../../../src/arbiter/service-port.js';
import { parseLeaseId } from '../../../src/domain/model/lease-id.js';
import type { OutcomeOf } from '../../../src/domain/model/outcomes.js';
import type { LeaseRef } from '../../../src/domain/model/requests.js';
import { collectedLog } from '../../support/collected-log.js';
import { FakePort } from '../../support/fake-port.js';
import { ALERT, budget, closedLease, LEASE_ID, lease, NOON, TOP_UP } from '../../support/samples.js';
import { overCaps } from '../../support/top-ups.js';

let servicePort: FakePort;
let log: ReturnType<typeof collectedLog>;
let audited: AuditedPort;
beforeEach(() => {
  servicePort = new FakePort();
  log = collectedLog();
  audited = new AuditedPort(servicePort, 'alice', log);
});

const put: CallerRequest = { kind: 'put-policy', fields: { monthlyLimit: 2 } };
const was = budget({ monthlyLimit: 1 }, { etag: '1' });
const before = { etag: '1', policy: { monthlyLimit: 1 } };
const after = budget({ monthlyLimit: 2 }, { etag: '2' });

describe('an operator action', () => {
  it.each([
    [
      put,
      { kind: 'budget', budget: after, before: was, warnings: [] },
      { outcome: 'done', before, after: { etag: '2', policy: { monthlyLimit: 2 } } },
    ],
    [
      { kind: 'pause', reason: 'audit' },
      {
        ...{ kind: 'budget', before: was, warnings: [] },
        budget: budget({}, { pause: { reason: 'audit', at: NOON } }),
      },
      { reason: 'audit', before, after: { etag: '3', policy: {}, paused: { reason: 'audit', at: NOON } } },
    ],
    [
      { kind: 'resume' },
      { kind: 'budget', budget: after, before: was, warnings: [] },
      { outcome: 'done', before },
    ],
    [
      { kind: 'delete-budget', force: true },
      { kind: 'deleted', before: was },
      { force: true, before, after: null },
    ],
    [
      { kind: 'revoke', lease: parseLeaseId(LEASE_ID) as LeaseRef, reason: 'stuck' },
      { kind: 'revoked', before: lease(), lease: closedLease({ status: 'REVOKED' }) },
      {
        ...{ lease: LEASE_ID, reason: 'stuck', outcome: 'done' },
        before: { state: 'LIVE', ai: 'guardian', reservedTokens: 400, usedTokens: 25, presumedTokens: 0 },
        after: { state: 'REVOKED', ai: 'guardian', reservedTokens: 400, usedTokens: 25, presumedTokens: 375 },
      },
    ],
    [
      { kind: 'adjust', adjustmentId: 'a', tokens: -5, reason: 'twice', day: '2026-11-14', fingerprint: 'f' },
      { kind: 'adjusted', day: '2026-11-14', dayTotal: 95, replayed: false },
      {
        ...{ adjustmentId: 'a', tokens: -5, reason: 'twice', outcome: 'done' },
        before: { day: '2026-11-14', dayTotal: 100 },
        after: { day: '2026-11-14', dayTotal: 95 },
      },
    ],
    [
      { ...overCaps('friday', 5_000, NOON), reason: 'a release' },
      { kind: 'top-up', topUp: TOP_UP, replayed: false },
      {
        ...{ topUp: 'friday', reason: 'a release', outcome: 'done', before: null },
        after: { kind: 'OVER_CAPS', tokens: 5_000, ai: 'guardian', expiresAt: '2026-11-16T12:00:00.000Z' },
      },
    ],
    [
      { ...overCaps('friday', 5_000, NOON), reason: 'a release' },
      { kind: 'top-up', topUp: TOP_UP, replayed: true },
      { topUp: 'friday', outcome: 'replayed', after: { tokens: 5_000 } },
    ],
    [
      { kind: 'end-top-up', topUpId: 'friday', reason: 'done' },
      { kind: 'top-up', before: TOP_UP, topUp: { ...TOP_UP, endedAt: NOON }, replayed: false },
      {
        ...{ topUp: 'friday', reason: 'done', outcome: 'done', before: { spent: 1_200, reserved: 300 } },
        after: { endedAt: '2026-11-15T12:00:00.000Z' },
      },
    ],
    [
      { kind: 'acknowledge-alert', alertId: 'WARNING:0', reason: 'we know' },
      { kind: 'alert', before: ALERT, alert: { ...ALERT, acknowledged: { at: NOON, reason: 'we know' } } },
      {
        ...{ alert: 'WARNING:0', reason: 'we know', outcome: 'done' },
        before: { rule: ALERT.rule, acknowledged: null },
        after: { rule: ALERT.rule, acknowledged: { at: NOON, reason: 'we know' } },
      },
    ],
    [
      { kind: 'silence-alerts', rules: ['WARNING'], until: NOON, reason: 'a move' },
      { kind: 'silences', before: {}, silences: { WARNING: { until: NOON, reason: 'a move', at: 0 } } },
      { rules: ['WARNING'], outcome: 'done', before: {}, after: { WARNING: '2026-11-15T12:00:00.000Z' } },
    ],
    [
      { kind: 'reset-clock' },
      { kind: 'clock-reset', before: NOON + 9_000, after: NOON },
      { before: '2026-11-15T12:00:09.000Z', after: '2026-11-15T12:00:00.000Z' },
    ],
    [
      put,
      { kind: 'refused', refusal: { reason: 'ETAG_MISMATCH', current: '9' } },
      { outcome: 'refused', refusal: 'ETAG_MISMATCH', asked: { monthlyLimit: 2 } },
    ],
  ] as [CallerRequest, OutcomeOf[CallerRequest['kind']], object][])(
    '%o',
    async (request, outcome, fields) => {
      servicePort.answer = () => outcome;
      expect(await audited.submit('anthropic', request, NOBODY)).toBe(outcome);
      expect(log.entries).toHaveLength(1);
      expect(servicePort.asked).toHaveLength(1);
      expect(log.entries[0]).toMatchObject({
        level: 'info',
        fields: { audit: request.kind, principal: 'alice', budget: 'anthropic', ...fields },
      });
    },
  );

  it('that ended in doubt is told as such', async () => {
    const lost = new ArbiterError('STORE_UNAVAILABLE', 'the answer was lost');
    servicePort.fail(lost);
    await expect(audited.submit('anthropic', put, NOBODY)).rejects.toBe(lost);
    expect(log.entries).toMatchObject([{ level: 'warn', fields: { outcome: 'unknown' } }]);
  });
});

it.each([
  { kind: 'acknowledge-alert', alertId: 'WARNING:0', reason: '' },
  { kind: 'silence-alerts', rules: [], reason: '' },
] as const)('leaves the name of whoever asks with $kind', async (request) => {
  await audited.submit('anthropic', request, NOBODY);
  expect(servicePort.last.request).toEqual({ ...request, principal: 'alice' });
});

it('leaves the name of whoever pauses with the pause', async () => {
  await audited.submit('anthropic', { kind: 'pause', reason: '' }, NOBODY);
  expect(servicePort.last.request).toEqual({ kind: 'pause', reason: '', principal: 'alice' });
});

it('writes nothing about what AIs, viewers and trials of a policy do, and asks for nothing beside', async () => {
  await audited.submit('anthropic', { kind: 'get-snapshot' }, NOBODY);
  await audited.submit('anthropic', { kind: 'get-availability', aiId: 'guardian' }, NOBODY);
  await audited.submit('anthropic', { ...put, validateOnly: true } as CallerRequest, NOBODY);
  expect(log.entries).toEqual([]);
  expect(servicePort.asked).toHaveLength(3);
});
