import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import {
  SECTIONS,
  type Section,
  type SectionPut,
  type SectionValues,
  type StoredTopUp,
} from '../../../src/domain/model/state.js';
import { openLmdbTransfer } from '../../../src/store/lmdb/open-lmdb-store.js';
import type { StoreMark } from '../../../src/store/store-mark.js';
import type { TransferStore } from '../../../src/store/transfer-store.js';
import { BudgetDigest } from '../../../src/transfer/copy-budget.js';
import { budgetIds, readBudget } from '../../../src/transfer/read-budget.js';
import type { TransferContext } from '../../../src/transfer/transfer.js';
import {
  change,
  denialWrite,
  head,
  lease,
  leaseReceipt,
  NASTY_NAMES,
  patch,
  T0,
  usageDay,
  usageReceipt,
} from '../../store/samples.js';

/** A folder that is gone after the test; outside of one, say when it shall be. */
export function temporaryFolder(whenOver: (remove: () => void) => void = onTestFinished): string {
  const folder = mkdtempSync(join(tmpdir(), 'transfer-'));
  whenOver(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function openFolder(dataDir: string): Promise<TransferStore> {
  return openLmdbTransfer({ dataDir });
}

/** As if a command had got so far. */
export async function setMark(store: TransferStore, mark: StoreMark | undefined): Promise<void> {
  const before = await store.readLabel();
  const { identity = randomUUID(), revision } = before;
  const label = { identity, revision: revision + 1, ...(mark && { mark }) };
  if (!(await store.replaceLabel(before, label))) throw new Error('the label has changed');
}

export async function markOf(store: TransferStore): Promise<StoreMark | undefined> {
  return (await store.readLabel()).mark;
}

export function collectedContext(): TransferContext & { readonly lines: string[] } {
  const lines: string[] = [];
  return {
    lines,
    tell: (line) => lines.push(line),
    wallMs: () => T0,
    newId: randomUUID,
  };
}

const TOP_UP: StoredTopUp = {
  ...{ kind: 'OVER_CAPS', tokens: 9, reason: 'größe', addedAt: T0, fingerprint: 'f', teamId: 'web' },
  ...{ expiresAt: T0 + 86_400_000, spent: 5, settleUntil: T0 + 1 },
};
const DAY = {
  ...{ start: T0, end: T0 + 1, total: 1, presumed: 0, late: 0, hours: [], changedAt: 5, settleUntil: 0 },
};
/** One of each section. */
const ENTRIES: { readonly [S in Section]: { readonly key: string; readonly value: SectionValues[S] } } = {
  settings: {
    key: 'policy',
    value: { fields: { cooldownMs: 1_000, teams: [['web', { aiIds: ['*'] }]] }, revision: 2 },
  },
  leases: { key: '7', value: lease({ labels: { 'a.b': '1', $c: '2' }, model: 'gpt-4.1', topUpId: 't.1' }) },
  ais: { key: '__proto__', value: { lastGrantAt: T0, cooldownFrom: T0, unusedAt: T0, grants: [1, 7, T0] } },
  days: { key: '2026-11-25', value: { ...DAY, topped: 1, calls: 2, failedCalls: 1, unit: 'USD' } },
  dayAis: { key: '2026-11-25 gpt-4.1', value: [1, 2, 1] },
  dayModels: { key: '2026-11-25 $x', value: [1, 2, 1] },
  dayPairs: { key: '2026-11-25 gpt-4.1 $x y', value: [1, 2, 1] },
  dayPresumed: {
    key: '2026-11-25 7',
    value: { aiId: '$x', hourStart: T0, tokens: 1, topped: true, model: 'm' },
  },
  dayTotals: { key: '2026-11-25', value: 1 },
  pastDays: { key: '2026-11-23', value: { total: 7, refused: true, hours: [7] } },
  monthAis: { key: 'a.b', value: 1 },
  monthModels: { key: 'constructor', value: 1 },
  topUps: { key: 't.1', value: TOP_UP },
  toppedDays: { key: '2026-11-25', value: 1 },
  toppedAis: { key: '2026-11 a.b', value: 1 },
  toppedModels: { key: '2026-11 $x', value: 1 },
  hourAis: { key: '__proto__', value: 2 },
  hourModels: { key: 'gpt-4.1', value: 2 },
  hourTopped: { key: '$x', value: 1 },
  hourParts: { key: 'MODEL gpt-4.*', value: 2 },
  dayParts: { key: '2026-11-25 TEAM web', value: 2 },
  monthParts: { key: 'PRESUMED gpt-4.*', value: 2 },
  lapsed: { key: 'DAY web', value: { windowStart: T0, tokens: 3 } },
  outbox: { key: 'waiting', value: usageReceipt('waiting', 5) },
  changes: { key: '2', value: change(2, 5) },
  alerts: {
    key: 'UNPRICED_MODEL 1 gpt-4.1',
    value: {
      ...{ rule: 'UNPRICED_MODEL', window: 'MONTH', windowStart: T0, raisedAt: T0, value: 1, threshold: 0 },
      ...{ message: 'm', model: 'gpt-4.1', unit: 'USD', zone: 'Europe/Berlin', endedAt: T0 },
      notice: { number: 2, raisedAt: T0, endedAt: T0 + 1, level: 9_000, endValue: 3 },
      acknowledged: { at: T0, reason: 'größe', principal: 'alice' },
    },
  },
  writers: { key: 'one', value: { seq: 3, at: T0 } },
};

/** Budgets with everything that a store can hold: names that break things, several epochs, a tombstone. */
export async function fill(store: TransferStore, budgets: number): Promise<void> {
  for (let at = 1; at <= budgets; at += 1) await fillBudget(store, `b${at}`, at % 3 === 0);
}

async function fillBudget(store: TransferStore, budgetId: string, deleted: boolean): Promise<void> {
  const names: SectionPut[] = NASTY_NAMES.map((key, value) => ({ section: 'monthModels', key, value }));
  const added = { ...usageReceipt('12:t:t.1', 4), body: { kind: 'top-up', topUp: TOP_UP } } as const;
  const receipts = [
    leaseReceipt('12:l:0000000000000007', 3),
    added,
    usageReceipt('u 1', 3),
    usageReceipt('u 2', 4),
  ];
  const others = SECTIONS.map((section) => ({ section, ...ENTRIES[section] }) as SectionPut);
  const silences = { byRule: { '*': { until: T0, reason: 'größe', at: T0, principal: 'alice' } } };
  const puts = [...names, ...others, { section: 'settings', key: 'silences', value: silences } as const];
  // Twelve epochs: the stores order them differently.
  const days = Array.from({ length: 12 }, (_, epoch) =>
    usageDay('2026-11-24', 2, {
      budgetId,
      epoch: epoch + 1,
      ais: new Map(NASTY_NAMES.map((name) => [name, 1])),
    }),
  );
  await store.writeDays([...days, usageDay('2026-11-25', 3, { budgetId, epoch: 12 })]);
  await store.writeReceipts(budgetId, receipts);
  await store.writeDenials([1, 12].map((epoch) => denialWrite({ budgetId, epoch }, NASTY_NAMES)));
  await store.writeChanges(budgetId, [change(1, 3)]);
  await store.commit(
    budgetId,
    undefined,
    patch(9, { head: head(9, { epoch: 12, fence: 7, deleted, changeCount: 2 }), puts }),
  );
}

/** What each budget of a store comes to. */
export async function contentOf(store: TransferStore): Promise<ReadonlyMap<string, string>> {
  const digests = new Map<string, string>();
  for await (const budgetId of budgetIds(store)) {
    const digest = new BudgetDigest(Number.NEGATIVE_INFINITY);
    if (!(await readBudget(store, budgetId, digest))) throw new Error(`${budgetId} changes`);
    digests.set(budgetId, digest.value);
  }
  return digests;
}
