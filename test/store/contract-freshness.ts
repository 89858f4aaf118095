import { describe, expect, it } from 'vitest';
import type { BudgetStore } from '../../src/store/store.js';
import type { ContractOptions, Subject } from './contract.js';
import { change, patch, usageDay, usageReceipt } from './samples.js';

const SECTION = 'monthAis' as const;

/** One round of everything: what is written in it carries its revision. */
async function writeRound(store: BudgetStore, revision: number): Promise<void> {
  const expected = revision === 1 ? undefined : { epoch: 1, revision: revision - 1 };
  const puts = [{ section: SECTION, key: 'guardian', value: revision }];
  expect(await store.commit('b', expected, patch(revision, { puts }))).toBe('won');
  await store.writeReceipts('b', [usageReceipt('same', revision), usageReceipt(`new ${revision}`, revision)]);
  await store.writeDays([usageDay('2026-11-24', revision)]);
  await store.writeChanges('b', [change(1, revision)]);
}

/** The newest revision that each read shows. */
async function seen(store: BudgetStore, revision: number): Promise<number[]> {
  const newest = (revisions: readonly number[]) => Math.max(0, ...revisions);
  const [state, version, found, listed, days, budgets, changes] = await Promise.all([
    store.load('b'),
    store.version('b'),
    store.findReceipts('b', ['same', `new ${revision}`]),
    store.listReceipts('b', 'same', '', 9),
    store.readDays('b', 1, '2026-11-24', '2026-11-24'),
    store.list('', 9),
    store.readChanges('b', 9, 9),
  ]);
  const receipts = ['same', `new ${revision}`].map((id) => found.get(id)?.revision ?? 0);
  return [
    ...[state?.head.revision ?? 0, state?.sections[SECTION].get('guardian') ?? 0, version?.revision ?? 0],
    ...[...receipts, newest(listed.map((receipt) => receipt.revision))],
    ...[newest(days.map((day) => day.revision)), newest(budgets.map(({ head }) => head.revision))],
    newest(changes.map((change) => change.revision)),
  ];
}

/** See `Freshness`. What an election does to it, `mongo-elections.test.ts` shows. */
export function describeFreshness(subject: Subject, { rounds }: ContractOptions): void {
  describe('freshness', () => {
    it('a current read sees what any replica was told to be written, at once', async () => {
      const { store, peer } = subject.current;
      for (let revision = 1; revision <= rounds; revision += 1) {
        const [writer, reader] = revision % 2 === 0 ? [store, peer] : [peer, store];
        await writeRound(writer, revision);
        const shown = await seen(reader, revision);
        expect(shown, `of revision ${revision}`).toEqual(shown.map(() => revision));
      }
    });

    it('a recent read shows a state that was, whole', async () => {
      const { store, peer } = subject.current;
      const commits = (async () => {
        for (let revision = 1; revision <= rounds; revision += 1) await writeRound(store, revision);
      })();
      for (let read = 0; read < rounds; read += 1) {
        const state = await peer.load('b', 'recent');
        expect(state?.sections[SECTION].get('guardian')).toBe(state?.head.revision);
      }
      await commits;
      expect(await peer.due(Number.MAX_SAFE_INTEGER, 9)).toEqual([]);
    });
  });
}
