import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StatePatch } from '../../src/domain/model/state.js';
import type { ContractOptions, Subject } from './contract.js';
import { leaseReceipt, NASTY_NAMES, patch, T0, usageReceipt } from './samples.js';

export function describeReceipts(subject: Subject, { rounds }: ContractOptions): void {
  describe('receipts', () => {
    it("come with a commit's outbox where the store says so, over older ones and with their marks", async () => {
      const { store } = subject;
      const put = (revision: number, at: number): StatePatch => {
        const value = usageReceipt('x', revision, { at });
        return patch(revision, { puts: [{ section: 'outbox', key: 'x', value }] });
      };
      const old = T0 - 10 * 86_400_000;
      expect(await store.commit('b', undefined, put(1, old))).toBe('won');
      expect(await store.commit('b', { epoch: 1, revision: 1 }, put(2, T0))).toBe('won');
      expect(await store.commit('b', { epoch: 1, revision: 1 }, put(3, T0))).toBe('lost');
      // What was written beside a commit loses against it, or is overwritten by it.
      await store.writeReceipts('b', [usageReceipt('x', 1, { at: old })]);
      const [at, revision] = store.receiptsInCommit ? [T0, 2] : [old, 1];
      const expected = new Map([['x', usageReceipt('x', revision, { at })]]);
      expect(await store.findReceipts('b', ['x'])).toEqual(expected);
      const inState = (await store.load('b'))?.sections.outbox.size;
      expect(inState).toBe(store.receiptsInCommit ? 0 : 1);
      await store.tidy({ dayBefore: '', receiptsBefore: T0 - 7 * 86_400_000 }, 1_000);
      expect((await store.findReceipts('b', ['x'])).size).toBe(store.receiptsInCommit ? 1 : 0);
    });

    it('come back as they were written, whatever their ids are', async () => {
      const { store } = subject;
      const receipts = NASTY_NAMES.map((name) => usageReceipt(`1:u:guardian ${name}`, 3));
      receipts.push(leaseReceipt('1:l:0000000000000007', 3));
      await store.writeReceipts('b', receipts);
      const ids = receipts.map(({ id }) => id);
      const found = await store.findReceipts('b', [...ids, '1:u:guardian never', 'gpt-4']);
      expect(found).toEqual(new Map(receipts.map((receipt) => [receipt.id, receipt])));
    });

    it('are found in their own budget only, and none where none are asked for', async () => {
      const { store } = subject;
      await store.writeReceipts('b', [usageReceipt('1:u:x y', 1)]);
      expect((await store.findReceipts('c', ['1:u:x y'])).size).toBe(0);
      expect((await store.findReceipts('b', [])).size).toBe(0);
      expect(await store.listReceipts('b-', '', '', 9)).toEqual([]);
      await store.writeReceipts('b', []);
    });

    it('are replaced by a higher revision and by no other', async () => {
      const { store } = subject;
      const later = usageReceipt('x', 4, { at: T0 + 60_000 });
      await store.writeReceipts('b', [usageReceipt('x', 3)]);
      await store.writeReceipts('b', [later]);
      await store.writeReceipts('b', [usageReceipt('x', 2)]);
      await store.writeReceipts('b', [usageReceipt('x', 4, { epoch: 99 })]);
      expect(await store.findReceipts('b', ['x'])).toEqual(new Map([['x', later]]));
    });

    it('are the same after any order and any repetition of the writes', async () => {
      const { store, peer } = subject.current;
      let run = 0;
      const batch = fc.array(fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 3 })), {
        minLength: 1,
        maxLength: 4,
      });
      const property = fc.asyncProperty(
        fc.array(batch, { maxLength: 6 }),
        fc.boolean(),
        async (order, atOnce) => {
          run += 1;
          const budgetId = `p${run}`;
          const batches = order.map((entries) =>
            entries.map(([revision, id]) => usageReceipt(`id ${id}`, revision)),
          );
          const writes = batches.map(
            (receipts, i) => () => (i % 2 ? store : peer).writeReceipts(budgetId, receipts),
          );
          if (atOnce) await Promise.all(writes.map((write) => write()));
          else for (const write of writes) await write();
          const newest = new Map<string, number>();
          for (const { id, revision } of batches.flat())
            newest.set(id, Math.max(revision, newest.get(id) ?? 0));
          const expected = [...newest].map(([id, revision]) => [id, usageReceipt(id, revision)] as const);
          expect(await peer.findReceipts(budgetId, ['id 1', 'id 2', 'id 3'])).toEqual(new Map(expected));
        },
      );
      await fc.assert(property, { numRuns: rounds });
    }, 120_000);

    it('are listed by prefix, after an id, in order, up to a limit', async () => {
      const { store } = subject;
      const fences = [3, 1, 12, 2, 100].map((fence) => `1:l:${String(fence).padStart(16, '0')}`);
      const others = ['1:k:z', '1:m', '1:l', '11:l:0000000000000001', '2:l:0000000000000001'];
      await store.writeReceipts(
        'b',
        [...fences, ...others].map((id) => usageReceipt(id, 1)),
      );
      await store.writeReceipts('b0', [usageReceipt('1:l:0000000000000002', 1)]);
      const list = async (prefix: string, after: string, limit: number) =>
        (await store.listReceipts('b', prefix, after, limit)).map(({ id }) => id);
      const sorted = [...fences].sort();
      expect(await list('1:l:', '', 99)).toEqual(sorted);
      expect(await list('1:l:', '', 2)).toEqual(sorted.slice(0, 2));
      expect(await list('1:l:', sorted[1] ?? '', 2)).toEqual(sorted.slice(2, 4));
      expect(await list('1:l:', '1:l:00000000000000025', 99)).toEqual(sorted.slice(2));
      expect(await list('1:l:', sorted.at(-1) ?? '', 99)).toEqual([]);
      expect(await list('1:l:', '9', 99)).toEqual([]);
      expect(await list('', '', 99)).toEqual([...fences, ...others].sort());
      expect(await list('3:', '', 99)).toEqual([]);
    });

    it('are tidied by when they happened last', async () => {
      const { store } = subject;
      const old = { at: T0 - 120_000 };
      await store.writeReceipts('b', [
        usageReceipt('old', 1, old),
        usageReceipt('renewed', 1, old),
        usageReceipt('new', 1, { at: T0 - 60_000 }),
      ]);
      await store.writeReceipts('b', [usageReceipt('renewed', 2)]);
      await store.writeReceipts('c', [usageReceipt('old', 1, old)]);
      await store.tidy({ dayBefore: '2000-01-01', receiptsBefore: T0 - 60_000 }, 1_000);
      expect([...(await store.findReceipts('b', ['old', 'renewed', 'new'])).keys()].sort()).toEqual([
        'new',
        'renewed',
      ]);
      expect((await store.findReceipts('c', ['old'])).size).toBe(0);
      await store.writeReceipts('b', [usageReceipt('old', 1)]);
      await store.tidy({ dayBefore: '2000-01-01', receiptsBefore: T0 - 60_000 }, 1_000);
      expect((await store.findReceipts('b', ['old'])).size).toBe(1);
    });
  });
}
