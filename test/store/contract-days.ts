import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ContractOptions, Subject } from './contract.js';
import { T0, usageDay } from './samples.js';

export function describeDays(subject: Subject, { rounds }: ContractOptions): void {
  describe('usage documents', () => {
    it('come back as they were written', async () => {
      const { store } = subject;
      await store.writeDays([usageDay('2026-11-24', 3)]);
      expect(await store.readDays('b', 1, '2026-11-24', '2026-11-24')).toEqual([usageDay('2026-11-24', 3)]);
    });

    it('of before calls were counted have none', async () => {
      const { store } = subject;
      const { calls: _, failedCalls: _1, aiCalls: _2, modelCalls: _3, ...older } = usageDay('2026-11-24', 3);
      await store.writeDays([older]);
      expect(await store.readDays('b', 1, '2026-11-24', '2026-11-24')).toStrictEqual([older]);
    });

    it('are replaced whole by a higher revision and by no other', async () => {
      const { store } = subject;
      const newer = usageDay('2026-11-24', 4, { ais: new Map([['only', 40]]), hours: [] });
      await store.writeDays([usageDay('2026-11-24', 3)]);
      await store.writeDays([newer]);
      await store.writeDays([usageDay('2026-11-24', 2)]);
      await store.writeDays([{ ...newer, total: 0 }]);
      expect(await store.readDays('b', 1, '2026-11-24', '2026-11-24')).toEqual([newer]);
    });

    it('are the same after any order and any repetition of the writes', async () => {
      const { store, peer } = subject.current;
      let run = 0;
      const writes = fc.array(fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 3 })), {
        minLength: 1,
        maxLength: 24,
      });
      await fc.assert(
        fc.asyncProperty(writes, fc.boolean(), async (order, atOnce) => {
          run += 1;
          const budgetId = `p${run}`;
          const days = order.map(([revision, day]) => usageDay(`2026-11-0${day}`, revision, { budgetId }));
          const written = days.map((day, i) => () => (i % 2 ? store : peer).writeDays([day]));
          if (atOnce) await Promise.all(written.map((write) => write()));
          else for (const write of written) await write();
          const newest = new Map<string, number>();
          for (const { day, revision } of days) newest.set(day, Math.max(revision, newest.get(day) ?? 0));
          const expected = [...newest].sort().map(([day, revision]) => usageDay(day, revision, { budgetId }));
          expect(await store.readDays(budgetId, 1, '', '~')).toEqual(expected);
        }),
        { numRuns: rounds },
      );
    }, 120_000);

    it('of one budget and epoch come in order, within the range and no further', async () => {
      const { store } = subject;
      const days = ['2026-11-30', '2026-12-01', '2025-01-01', '2026-11-02', '2026-11-01'];
      await store.writeDays(days.map((day) => usageDay(day, 1)));
      await store.writeDays([
        usageDay('2026-11-03', 1, { epoch: 2 }),
        usageDay('2026-11-03', 1, { epoch: 11 }),
        usageDay('2026-11-03', 1, { budgetId: 'b-' }),
        usageDay('2026-11-03', 1, { budgetId: 'bb' }),
      ]);
      const read = async (from: string, to: string, epoch = 1) =>
        (await store.readDays('b', epoch, from, to)).map(({ day }) => day);
      expect(await read('2026-11-01', '2026-11-30')).toEqual(['2026-11-01', '2026-11-02', '2026-11-30']);
      expect(await read('2026-11-02', '2026-11-29')).toEqual(['2026-11-02']);
      expect(await read('2026-11-03', '2026-11-29')).toEqual([]);
      expect(await read('2020-01-01', '2030-01-01')).toEqual([...days].sort());
      expect(await read('2020-01-01', '2030-01-01', 2)).toEqual(['2026-11-03']);
    });

    it('may be many in one call, and none', async () => {
      const { store } = subject;
      const days = Array.from({ length: 300 }, (_, i) =>
        usageDay('2026-11-24', 1, { budgetId: `many-${String(i).padStart(3, '0')}`, ais: new Map() }),
      );
      await store.writeDays(days);
      await store.writeDays([]);
      expect(await store.readDays('many-299', 1, '', '~')).toHaveLength(1);
    });

    it('are tidied by their day', async () => {
      const { store } = subject;
      for (const budgetId of ['b', 'c']) {
        await store.writeDays(
          ['2024-10-30', '2024-10-31', '2024-11-01', '2024-11-02'].map((day) =>
            usageDay(day, 1, { budgetId }),
          ),
        );
        await store.writeDays([usageDay('2024-10-31', 9, { budgetId, epoch: 2 })]);
      }
      await store.tidy({ dayBefore: '2024-11-01', receiptsBefore: T0 - 1 }, 1_000);
      await store.tidy({ dayBefore: '2024-11-01', receiptsBefore: T0 - 1 }, 1_000);
      for (const budgetId of ['b', 'c']) {
        const left = await store.readDays(budgetId, 1, '', '~');
        expect(left.map(({ day }) => day)).toEqual(['2024-11-01', '2024-11-02']);
        expect(await store.readDays(budgetId, 2, '', '~')).toEqual([]);
      }
    });
  });
}
