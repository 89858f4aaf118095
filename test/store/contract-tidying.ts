import { describe, expect, it } from 'vitest';
import type { TidyMark } from '../../src/domain/time/tidy-mark.js';
import type { ContractOptions, Subject } from './contract.js';
import { head, lease, patch, T0, usageDay, usageReceipt } from './samples.js';

const mark = (revision: number, changes: Partial<TidyMark> = {}): TidyMark => ({
  ...{ revision, at: T0, horizon: T0 - 5 },
  ...changes,
});

export function describeTidying(subject: Subject, { rounds }: ContractOptions): void {
  describe('what tidying remembers', () => {
    it('comes back as it was written, also after the process has ended', async () => {
      const { store } = subject;
      expect(await store.readTidyMark()).toBeUndefined();
      const whole = mark(2, {
        ...{ leap: { to: T0 + 1, ranMs: 2 }, vouchedFor: T0 + 3 },
        lastCut: { dayBefore: '2026-10-01', receiptsBefore: T0 - 9, at: T0 },
        numbers: { epoch: 7, fence: 9_007_199_254_740_991, revision: 12 },
      });
      expect(await store.swapTidyMark(mark(1, { leap: { to: T0, ranMs: 0 } }))).toBe('won');
      expect(await store.swapTidyMark(whole)).toBe('won');
      expect(await subject.current.peer.readTidyMark()).toEqual(whole);
      const reopened = await subject.current.reopen();
      expect(await reopened.readTidyMark()).toEqual(whole);
      // What it does not name any more is gone.
      expect(await reopened.swapTidyMark(mark(3))).toBe('won');
      expect(await reopened.readTidyMark()).toEqual(mark(3));
    });

    it('is replaced by one of any number of racers, and by none that knows an older one', async () => {
      const { store, peer } = subject.current;
      for (let revision = 1; revision <= Math.min(rounds, 20); revision += 1) {
        const racers = Array.from({ length: 6 }, (_, at) => mark(revision, { horizon: at }));
        const outcomes = await Promise.all(
          racers.map((each, at) => (at % 2 ? store : peer).swapTidyMark(each)),
        );
        expect(outcomes.filter((outcome) => outcome === 'won')).toHaveLength(1);
        expect(await store.readTidyMark()).toEqual(racers[outcomes.indexOf('won')]);
      }
      const before = await store.readTidyMark();
      for (const revision of [1, 99]) expect(await peer.swapTidyMark(mark(revision))).toBe('lost');
      expect(await store.readTidyMark()).toEqual(before);
    });
  });

  describe('tidying', () => {
    it('removes about as many as it is asked for, says how many, and in the end none', async () => {
      const { store } = subject;
      const days = Array.from({ length: 12 }, (_, at) => usageDay(`2024-10-${10 + at}`, 1));
      await store.writeDays([...days, usageDay('2024-11-01', 1)]);
      const old = Array.from({ length: 12 }, (_, at) => usageReceipt(`1:u:${at}`, 1, { at: T0 - 10 - at }));
      await store.writeReceipts('b', [...old, usageReceipt('1:u:new', 1, { at: T0 })]);
      const cut = { dayBefore: '2024-11-01', receiptsBefore: T0 };
      const removed = { days: 0, receipts: 0 };
      for (let step = 0; step < 9; step += 1) {
        const tidied = await store.tidy(cut, 5);
        expect(tidied.days).toBeLessThanOrEqual(5);
        expect(tidied.receipts).toBeLessThanOrEqual(5);
        removed.days += tidied.days;
        removed.receipts += tidied.receipts;
      }
      expect(removed).toEqual({ days: 12, receipts: 12 });
      expect((await store.readDays('b', 1, '', '~')).map(({ day }) => day)).toEqual(['2024-11-01']);
      expect((await store.listReceipts('b', '', '', 99)).map(({ id }) => id)).toEqual(['1:u:new']);
    });
  });

  describe('a deleted budget', () => {
    const section = { section: 'leases', key: '7', value: lease() } as const;
    const create = () => subject.store.commit('b', undefined, patch(1, { puts: [section] }));
    const remove = () =>
      subject.store.commit('b', { epoch: 1, revision: 1 }, patch(2, { head: head(2, { deleted: true }) }));

    it('is forgotten whole, and can begin again as if it had never been', async () => {
      await create();
      await remove();
      await subject.store.commit('b-', undefined, patch(1));
      expect(await subject.store.forget('b', { epoch: 1, revision: 2 })).toBe('won');
      const store = await subject.current.reopen();
      expect(await store.load('b')).toBeUndefined();
      expect((await store.list('', 9)).map(({ budgetId }) => budgetId)).toEqual(['b-']);
      expect(await store.commit('b', { epoch: 1, revision: 2 }, patch(3))).toBe('lost');
      const again = patch(9, { head: head(9, { epoch: 2, wakeAt: T0 }) });
      expect(await store.commit('b', undefined, again)).toBe('won');
      expect((await store.load('b'))?.sections.leases.size).toBe(0);
      expect(await store.due(T0, 9)).toEqual(['b']);
    });

    it('stays where anything came between, and where it is not deleted', async () => {
      const { store } = subject;
      await create();
      expect(await store.forget('b', { epoch: 1, revision: 1 })).toBe('lost');
      await remove();
      expect(await store.forget('b', { epoch: 1, revision: 1 })).toBe('lost');
      expect(await store.forget('b', { epoch: 2, revision: 2 })).toBe('lost');
      expect(await store.forget('c', { epoch: 1, revision: 1 })).toBe('lost');
      expect(await store.version('b')).toEqual({ epoch: 1, revision: 2 });
    });
  });
}
