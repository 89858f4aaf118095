import { expect, it } from 'vitest';
import type { StatePatch } from '../../src/domain/model/state.js';
import type { BudgetStore } from '../../src/store/store.js';
import type { Subject } from './contract.js';
import { contentOf, leaseReceipt, patch, T0, usageDay, usageReceipt } from './samples.js';

type Step = readonly [name: string, write: (store: BudgetStore) => Promise<unknown>];

const receipt = usageReceipt('1:u:x 1', 2);
const commits: readonly StatePatch[] = [
  patch(1, { puts: [{ section: 'monthAis', key: 'x', value: 1 }] }),
  patch(2, { puts: [{ section: 'outbox', key: receipt.id, value: receipt }] }),
  patch(3, { drops: [{ section: 'outbox', key: receipt.id }], resets: ['monthAis'] }),
];

/** The life of a receipt and a day: committed, written out, dropped from the state. */
const STEPS: readonly Step[] = [
  ['create', (store) => store.commit('b', undefined, commits[0] as StatePatch)],
  ['commit', (store) => store.commit('b', { epoch: 1, revision: 1 }, commits[1] as StatePatch)],
  ['write receipts', (store) => store.writeReceipts('b', [receipt, leaseReceipt('1:l:1', 2)])],
  ['write days', (store) => store.writeDays([usageDay('2026-11-24', 2), usageDay('2026-11-25', 2)])],
  ['drop', (store) => store.commit('b', { epoch: 1, revision: 2 }, commits[2] as StatePatch)],
  ['tidy', (store) => store.tidy({ dayBefore: '2026-11-25', receiptsBefore: T0 + 1 }, 1_000)],
];

export function describeCrashes(subject: Subject): void {
  it('holds after a crash exactly what it has acknowledged, wherever that falls', async () => {
    let { store } = subject;
    for (const [name, write] of STEPS) {
      await write(store);
      const before = await everything(store);
      store = await subject.current.reopen();
      expect(await everything(store), `after ${name}`).toEqual(before);
      // The writer does not know that it was acknowledged, and does it all again: nothing changes.
      await write(store);
      expect(await everything(store), `after ${name} again`).toEqual(before);
    }
    expect(await everything(store)).toMatchObject({ receipts: [], days: [{ day: '2026-11-25' }] });
  });
}

async function everything(store: BudgetStore): Promise<unknown> {
  return {
    state: contentOf(await store.load('b')),
    version: await store.version('b'),
    receipts: await store.listReceipts('b', '', '', 99),
    days: await store.readDays('b', 1, '', '~'),
    listed: await store.list('', 9),
  };
}
