import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KEPT_CHANGES } from '../../src/domain/model/changes.js';
import type { BudgetStore } from '../../src/store/store.js';
import type { ContractOptions, Subject } from './contract.js';
import { change, head, patch } from './samples.js';

const ALL = Number.MAX_SAFE_INTEGER;

async function numbers(store: BudgetStore, budgetId: string, below = ALL, limit = 1_000): Promise<number[]> {
  return (await store.readChanges(budgetId, below, limit)).map(({ number }) => number);
}

export function describeChanges(subject: Subject, { rounds }: ContractOptions): void {
  describe('records of changes', () => {
    it('come back as they were written, also after the process has ended', async () => {
      const { store } = subject;
      const written = [change(1, 3), change(2, 3, { body: { kind: 'PAUSED' } })];
      await store.writeChanges('b', written);
      await store.writeChanges('b', []);
      expect(await subject.current.peer.readChanges('b', ALL, 9)).toEqual(written.toReversed());
      const reopened = await subject.current.reopen();
      expect(await reopened.readChanges('b', ALL, 9)).toEqual(written.toReversed());
    });

    it('are listed by budget, below a number, the newest first, up to a limit', async () => {
      const { store } = subject;
      await store.writeChanges(
        'b',
        [9, 10, 100, 2, 11].map((number) => change(number, 1)),
      );
      await store.writeChanges('b0', [change(7, 1)]);
      await store.writeChanges('b-', [change(8, 1)]);
      expect(await numbers(store, 'b')).toEqual([100, 11, 10, 9, 2]);
      expect(await numbers(store, 'b', 11)).toEqual([10, 9, 2]);
      expect(await numbers(store, 'b', 11, 2)).toEqual([10, 9]);
      expect(await numbers(store, 'b', 2)).toEqual([]);
      expect(await numbers(store, 'never')).toEqual([]);
    });

    it('are the newest 200 of each budget', async () => {
      const { store } = subject;
      const some = (from: number, count: number) =>
        Array.from({ length: count }, (_, at) => change(from + at, 1));
      await store.writeChanges('b', some(1, 150));
      await store.writeChanges('other', some(1, 3));
      await store.writeChanges('b', some(151, 60));
      const kept = await numbers(store, 'b');
      expect([kept.length, kept[0], kept.at(-1)]).toEqual([KEPT_CHANGES, 210, 11]);
      expect(await numbers(store, 'other')).toEqual([3, 2, 1]);
    });

    it('are the same after any order and any repetition of the writes', async () => {
      const { store, peer } = subject.current;
      let run = 0;
      const one = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 4 }));
      const batches = fc.array(fc.array(one, { minLength: 1, maxLength: 4 }), { maxLength: 6 });
      const property = fc.asyncProperty(batches, fc.boolean(), async (all, atOnce) => {
        run += 1;
        const budgetId = `p${run}`;
        const writes = all.map(
          (batch, at) => () =>
            (at % 2 ? store : peer).writeChanges(
              budgetId,
              batch.map(([number, revision]) => change(number, revision)),
            ),
        );
        if (atOnce) await Promise.all(writes.map((write) => write()));
        else for (const write of writes) await write();
        const newest = new Map<number, number>();
        for (const [number, revision] of all.flat())
          newest.set(number, Math.max(revision, newest.get(number) ?? 0));
        const expected = [...newest].sort(([a], [b]) => b - a);
        expect(await peer.readChanges(budgetId, ALL, 9)).toEqual(
          expected.map(([number, revision]) => change(number, revision)),
        );
      });
      await fc.assert(property, { numRuns: rounds });
    }, 120_000);

    it('go with a budget that is forgotten, and with no other', async () => {
      const { store } = subject;
      await store.writeChanges('b', [change(1, 1)]);
      await store.writeChanges('b0', [change(1, 1)]);
      await store.commit('b', undefined, patch(1));
      expect(await store.forget('b', { epoch: 1, revision: 1 })).toBe('lost');
      await store.commit('b', { epoch: 1, revision: 1 }, patch(2, { head: head(2, { deleted: true }) }));
      expect(await store.forget('b', { epoch: 1, revision: 2 })).toBe('won');
      expect(await numbers(store, 'b')).toEqual([]);
      expect(await numbers(store, 'b0')).toEqual([1]);
    });
  });
}
