import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { SectionPut } from '../../../src/domain/model/state.js';
import { openLmdbTransfer } from '../../../src/store/lmdb/open-lmdb-store.js';
import type { StoreMark } from '../../../src/store/store-mark.js';
import type { TransferStore } from '../../../src/store/transfer-store.js';
import { BudgetDigest } from '../../../src/transfer/copy-budget.js';
import { budgetIds, readBudget } from '../../../src/transfer/read-budget.js';
import type { TransferContext } from '../../../src/transfer/transfer.js';
import {
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

/** Budgets with everything that a store can hold: names that break things, several epochs, a tombstone. */
export async function fill(store: TransferStore, budgets: number): Promise<void> {
  for (let at = 1; at <= budgets; at += 1) await fillBudget(store, `b${at}`, at % 3 === 0);
}

async function fillBudget(store: TransferStore, budgetId: string, deleted: boolean): Promise<void> {
  const names: SectionPut[] = NASTY_NAMES.map((key, value) => ({ section: 'monthModels', key, value }));
  const receipts = [leaseReceipt('12:l:0000000000000007', 3), usageReceipt('u 1', 3), usageReceipt('u 2', 4)];
  const puts: SectionPut[] = [
    ...names,
    { section: 'settings', key: 'policy', value: { fields: { cooldownMs: 1_000 }, revision: 2 } },
    { section: 'leases', key: '7', value: lease({ labels: { 'a.b': '1', $c: '2' } }) },
    { section: 'outbox', key: 'waiting', value: usageReceipt('waiting', 5) },
  ];
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
  await store.commit(
    budgetId,
    undefined,
    patch(9, { head: head(9, { epoch: 12, fence: 7, deleted }), puts }),
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
