import { describe, expect, it } from 'vitest';
import type { Subject } from './contract.js';
import { head, patch, T0 } from './samples.js';

export function describeLists(subject: Subject): void {
  describe('lists', () => {
    it('page through all budgets in order, deleted ones included', async () => {
      const { store } = subject;
      const ids = ['b', 'a', 'b-x', 'b.x', 'z', '0', 'bx'];
      for (const id of ids) await store.commit(id, undefined, patch(1));
      await store.commit('z', { epoch: 1, revision: 1 }, patch(2, { head: head(2, { deleted: true }) }));
      const sorted = [...ids].sort();
      const seen: string[] = [];
      for (let after = ''; ; after = seen.at(-1) ?? '') {
        const page = await store.list(after, 3);
        seen.push(...page.map(({ budgetId }) => budgetId));
        if (page.length < 3) break;
      }
      expect(seen).toEqual(sorted);
      expect((await store.list('z', 9)).length).toBe(0);
      expect((await store.list('y', 9)).map((listed) => listed.head.deleted)).toEqual([true]);
    });

    it('hold head and settings', async () => {
      const { store } = subject;
      const value = { fields: { monthlyLimit: 5 }, revision: 1 };
      await store.commit('b', undefined, patch(1, { puts: [{ section: 'settings', key: 'policy', value }] }));
      const settings = new Map([['policy', value]]);
      expect(await store.list('', 9)).toEqual([{ budgetId: 'b', head: head(1), settings }]);
    });

    it('name the budgets that are due, the earliest first', async () => {
      const { store } = subject;
      const wakeAts = { late: T0 + 30, early: T0 + 10, next: T0 + 20, far: T0 + 99 };
      for (const [id, wakeAt] of Object.entries(wakeAts)) {
        await store.commit(id, undefined, patch(1, { head: head(1, { wakeAt }) }));
      }
      await store.commit('never', undefined, patch(1));
      expect(await store.due(T0 + 9, 9)).toEqual([]);
      expect(await store.due(T0 + 30, 9)).toEqual(['early', 'next', 'late']);
      expect(await store.due(T0 + 30, 2)).toEqual(['early', 'next']);
      await store.commit('early', { epoch: 1, revision: 1 }, patch(2));
      await store.commit('next', { epoch: 1, revision: 1 }, patch(2, { head: head(2, { wakeAt: T0 + 40 }) }));
      expect(await store.due(T0 + 30, 9)).toEqual(['late']);
      const reopened = await subject.current.reopen();
      expect(await reopened.due(T0 + 50, 9)).toEqual(['late', 'next']);
    });
  });

  it('tells a time near ours, or that it has none', async () => {
    const time = await subject.store.time();
    if (subject.store.exclusive) expect(time).toBeUndefined();
    else expect(Math.abs((time ?? 0) - Date.now())).toBeLessThan(5_000);
  });
}
