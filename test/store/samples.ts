import type { DenialHead, DenialWrite } from '../../src/domain/denials/records.js';
import type { StoredChange } from '../../src/domain/model/changes.js';
import type { PolicyFields } from '../../src/domain/model/policy.js';
import {
  type Receipt,
  STATE_FORMAT,
  type StateHead,
  type StatePatch,
  type StoredLease,
  type StoredPresumed,
  type StoredState,
  type UsageDay,
} from '../../src/domain/model/state.js';

/** A recent whole second: a TTL index may remove what lies more than a week back. */
export const T0 = Math.floor(Date.now() / 1000) * 1000;

/** Names that break field paths, objects, separators or escapes. */
export const NASTY_NAMES = [
  'gpt-4.1',
  '$x',
  '__proto__',
  'constructor',
  'toString',
  'a b',
  'größe 🦉 日本',
  '%2e',
  '100%',
  'a.b.c',
  '_',
  '2026-11-24 gpt-4.1',
  '\u0001control\u007f',
  'x'.repeat(257),
];

export function head(revision: number, changes: Partial<StateHead> = {}): StateHead {
  return {
    format: STATE_FORMAT,
    epoch: 1,
    revision,
    fence: 0,
    clock: T0,
    deleted: false,
    createdAt: T0,
    zone: 'UTC',
    month: { key: '2026-11', start: T0, end: T0 + 30 * 86_400_000 },
    lastOpenedDay: '2026-11-24',
    receiptsDroppedAt: 0,
    ...changes,
  };
}

export function change(number: number, revision: number, changes: Partial<StoredChange> = {}): StoredChange {
  return {
    ...{ number, epoch: 1, revision, at: T0, principal: 'größe', reason: `of ${revision}` },
    body: { kind: 'POLICY', fields: ['cooldownMs', 'teams'], before: {}, after: POLICY },
    ...changes,
  };
}

const POLICY: PolicyFields = { cooldownMs: 1_000, teams: [['web', { aiIds: ['*'], maxConcurrent: 2 }]] };

export function patch(revision: number, changes: Partial<StatePatch> = {}): StatePatch {
  return { head: head(revision), resets: [], puts: [], drops: [], ...changes };
}

export function lease(changes: Partial<StoredLease> = {}): StoredLease {
  return {
    leaseId: 'b:1:7:nonce',
    fence: 7,
    aiId: 'guardian',
    requestId: 'r 1',
    fingerprint: 'f',
    reserved: 700,
    used: 9_007_199_254_740_991,
    roundedUp: 0,
    grantedAt: T0,
    expiresAt: T0 + 120_000,
    renewableUntil: T0 + 3_600_000,
    ttlMs: 120_000,
    day: '2026-11-24',
    hourStart: T0,
    ...changes,
  };
}

/** `token` makes the content of each revision another. */
export function usageDay(day: string, revision: number, changes: Partial<UsageDay> = {}): UsageDay {
  return {
    format: STATE_FORMAT,
    budgetId: 'b',
    epoch: 1,
    day,
    start: T0,
    end: T0 + 86_400_000,
    revision,
    total: revision * 10,
    presumed: revision,
    late: 0,
    hours: [
      { start: T0, tokens: revision, topped: revision },
      { start: T0 + 3_600_000, tokens: revision * 9 },
    ],
    ais: new Map(NASTY_NAMES.map((name, i) => [name, revision + i])),
    models: new Map([['gpt-4.1', revision * 10]]),
    calls: revision + NASTY_NAMES.length,
    failedCalls: revision,
    aiCalls: new Map(NASTY_NAMES.map((name) => [name, { calls: revision, failedCalls: 1 }])),
    modelCalls: new Map([['gpt-4.1', { calls: revision, failedCalls: 0 }]]),
    pairs: new Map(NASTY_NAMES.map((name, i) => [`ai ${name}`, i % 2 === 0 ? revision : [revision, i, 1]])),
    presumedBy: new Map<string, StoredPresumed>([
      ['7', { aiId: 'gpt-4.1', hourStart: T0, tokens: revision }],
      ...NASTY_NAMES.map((name) => [`ai:${name}`, { aiId: name, tokens: 1 }] as const),
    ]),
    topped: revision,
    toppedAis: new Map(NASTY_NAMES.map((name, i) => [name, revision + i])),
    toppedModels: new Map([['gpt-4.1', revision]]),
    parts: new Map(NASTY_NAMES.map((name) => [`MODEL ${name}`, revision])),
    ...changes,
  };
}

export function usageReceipt(id: string, revision: number, changes: Partial<Receipt> = {}): Receipt {
  return {
    id,
    epoch: 1,
    at: T0,
    revision,
    body: {
      kind: 'usage',
      fingerprint: 'f',
      chargedTokens: revision * 10,
      overrunTokens: 0,
      late: false,
      model: 'gpt-4.1',
      requestType: '',
      failed: false,
    },
    ...changes,
  };
}

export function leaseReceipt(id: string, revision: number, label = 'größe'): Receipt {
  const labels = { 'a.b': 'x', $y: 'z', plain: label };
  return {
    id,
    epoch: 1,
    at: T0,
    revision,
    body: {
      kind: 'lease',
      lease: lease({ labels }),
      status: 'EXPIRED',
      presumed: 3,
      closedAt: T0,
      settleUntil: T0 + 3_600_000,
    },
  };
}

/** What a state is, without its empty sections, for comparison. */
export function contentOf(state: StoredState | undefined): unknown {
  if (!state) return undefined;
  const filled = Object.entries(state.sections).filter(([, entries]) => entries.size > 0);
  return {
    head: state.head,
    sections: Object.fromEntries(
      filled.map(([section, entries]) => [section, new Map<string, unknown>([...entries].sort())]),
    ),
  };
}

/** What a replica refused some AIs, once each. */
export function denialWrite(more: Partial<DenialHead>, names: readonly string[]): DenialWrite {
  const { start = T0 } = more;
  const pairs = [{ rule: 'PAUSED', denied: 1, wouldDeny: 0, firstAt: start, lastAt: start }] as const;
  const ai = { denied: 1, wouldDeny: 0, lastAt: start, uncounted: 0, rules: pairs };
  const head: DenialHead = {
    ...{
      budgetId: 'b',
      epoch: 1,
      writer: 'replica-1',
      revision: 3,
      start,
      end: start + 3_600_000,
      lastAt: start,
    },
    ...{
      denied: names.length,
      wouldDeny: 0,
      floor: 0,
      rules: [],
      minutes: [],
      recentAis: [],
      recentAiCount: 0,
    },
    ...more,
  };
  return { head, ais: new Map(names.map((name) => [name, ai])), gone: [] };
}
