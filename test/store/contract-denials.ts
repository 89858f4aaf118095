import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DAY_WRITER,
  type DenialHead,
  type DenialRecord,
  type DenialWrite,
} from '../../src/domain/denials/records.js';
import { ai, pair, ruleDenials } from '../unit/domain/denials/samples.js';
import type { ContractOptions, Subject } from './contract.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DAY = Date.UTC(2026, 10, 24);

function head(revision: number, more: Partial<DenialHead> = {}): DenialHead {
  const start = more.start ?? DAY;
  return {
    ...{
      budgetId: 'b',
      epoch: 1,
      writer: 'replica-1',
      revision,
      start,
      end: start + HOUR_MS,
      lastAt: start + 5,
    },
    ...{ denied: revision, wouldDeny: 0, floor: 0, rules: [ruleDenials('COOLDOWN', revision)] },
    ...{ minutes: [{ start, denied: revision, wouldDeny: 0 }], recentAis: ['gpt-4.1'], recentAiCount: 1 },
    ...more,
  };
}

function write(
  revision: number,
  more: Partial<DenialHead> = {},
  counts: Record<string, number> = { a: revision },
): DenialWrite {
  const ais = Object.entries(counts).map(
    ([name, denied]) => [name, ai(denied, [pair('COOLDOWN', denied)])] as const,
  );
  return { head: head(revision, more), ais: new Map(ais), gone: [] };
}

const recordOf = ({ head: of, ais }: DenialWrite): DenialRecord => ({ ...of, ais });
const byText = (records: readonly DenialRecord[]) =>
  [...records].sort((a, b) => a.start - b.start || (a.writer < b.writer ? -1 : 1));
const counts = ({ ais }: DenialRecord) => [...ais].map(([name, { denied }]) => `${name} ${denied}`).sort();

export function describeDenials(subject: Subject, { rounds }: ContractOptions): void {
  const read = async (budgetId = 'b') =>
    byText(await subject.store.readDenials(budgetId, 1, 0, DAY + 9 * DAY_MS));

  describe('denials', () => {
    it('come back as they were written, whatever the names of their AIs', async () => {
      const whole = write(1, {}, { 'gpt-4.1': 2, __proto__x: 1, $where: 3, 'a%2Eb': 4 });
      await subject.store.writeDenials([whole]);
      expect(await read()).toEqual([recordOf(whole)]);
    });

    it('add what changed to what was written before, and leave out who lost the place', async () => {
      const { store } = subject;
      await store.writeDenials([write(1, {}, { a: 1, b: 1, c: 1 })]);
      await store.writeDenials([{ ...write(2, {}, { b: 2 }), gone: ['c', 'never.was'] }]);
      const [record] = await read();
      expect(record && counts(record)).toEqual(['a 1', 'b 2']);
      expect(record).toMatchObject({ revision: 2, denied: 2 });
      await store.writeDenials([write(3, {}, {})]);
      expect((await read()).map(counts)).toEqual([['a 1', 'b 2']]);
    });

    it('of an older revision change nothing, nor does the same once more', async () => {
      const { store, peer } = subject.current;
      await store.writeDenials([write(5)]);
      await peer.writeDenials([write(4, {}, { late: 1 }), write(5, { denied: 99 })]);
      expect(await read()).toEqual([recordOf(write(5))]);
    });

    it('are the same after any order and any repetition of the writes of a writer', async () => {
      const { store, peer } = subject.current;
      let run = 0;
      const orders = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 12 });
      await fc.assert(
        fc.asyncProperty(orders, async (order) => {
          run += 1;
          const budgetId = `q${run}`;
          for (const [at, revision] of order.entries())
            await (at % 2 ? store : peer).writeDenials([write(revision, { budgetId })]);
          expect(await read(budgetId)).toEqual([recordOf(write(Math.max(...order), { budgetId }))]);
        }),
        { numRuns: rounds },
      );
    }, 120_000);

    it('of many writers, budgets and hours are written at once, and are read by budget, epoch and time', async () => {
      const { store } = subject;
      const writes = [0, 1, 2].flatMap((hour) =>
        ['replica-1', 'replica-2'].map((writer) => write(1, { writer, start: DAY + hour * HOUR_MS })),
      );
      await store.writeDenials([...writes, write(1, { budgetId: 'bb' }), write(1, { epoch: 11 })]);
      const found = await store.readDenials('b', 1, DAY + HOUR_MS, DAY + 2 * HOUR_MS);
      expect(byText(found)).toEqual(writes.slice(2, 4).map(recordOf));
      expect(await read()).toHaveLength(6);
    });

    it('of late are told without their AIs, and no days', async () => {
      const { store } = subject;
      const since = DAY + 30 * 60_000;
      await store.writeDenials([
        write(1, { lastAt: since - 1 }),
        write(1, { writer: 'replica-2', lastAt: since }),
        write(1, { budgetId: 'c', lastAt: since + 1 }),
        write(1, { writer: DAY_WRITER, end: DAY + DAY_MS, lastAt: since + 1 }),
      ]);
      const recent = await store.recentDenials(since, 10);
      expect(recent.map(({ budgetId, writer }) => `${budgetId} ${writer}`).sort()).toEqual([
        'b replica-2',
        'c replica-1',
      ]);
      expect(recent[0]).not.toHaveProperty('ais');
      expect(recent).toContainEqual(head(1, { writer: 'replica-2', lastAt: since }));
      expect(await store.recentDenials(since, 1)).toHaveLength(1);
    });

    it('are folded by day, once: a day that is there stays as it is', async () => {
      const { store, peer } = subject.current;
      const hours = [0, 5, 24].map((hour) => write(1, { start: DAY + hour * HOUR_MS }));
      await store.writeDenials([...hours, write(1, { epoch: 2 })]);
      const days = await store.unfoldedDenials(DAY + DAY_MS, 10);
      expect(days.sort((a, b) => a.epoch - b.epoch)).toEqual(
        [1, 2].map((epoch) => ({ budgetId: 'b', epoch, start: DAY })),
      );
      expect(await store.unfoldedDenials(DAY + DAY_MS - 1, 10)).toEqual([]);
      const day = recordOf(write(1, { writer: DAY_WRITER, end: DAY + DAY_MS }, { 'gpt-4.1': 7 }));
      await store.foldDenials(day);
      await peer.foldDenials({ ...day, denied: 0, ais: new Map() });
      expect(await read()).toEqual([day, ...hours.slice(2).map(recordOf)]);
      expect(await store.unfoldedDenials(DAY + DAY_MS, 10)).toEqual([
        { budgetId: 'b', epoch: 2, start: DAY },
      ]);
      expect(await store.readDenials('b', 2, 0, DAY + DAY_MS)).toHaveLength(1);
    });

    it('that are old go, some at a time', async () => {
      const { store } = subject;
      await store.writeDenials([0, 1, 2, 3].map((hour) => write(1, { start: DAY + hour * HOUR_MS })));
      const before = DAY + 2 * HOUR_MS + 5;
      expect(await store.tidyDenials(before, 1)).toBe(1);
      expect(await store.tidyDenials(before, 10)).toBe(1);
      expect(await store.tidyDenials(before, 10)).toBe(0);
      expect((await read()).map(({ start }) => (start - DAY) / HOUR_MS)).toEqual([2, 3]);
    });

    it('are still there when the store was left as by a crash', async () => {
      await subject.store.writeDenials([write(1)]);
      const again = await subject.current.reopen();
      expect(await again.readDenials('b', 1, 0, DAY + DAY_MS)).toEqual([recordOf(write(1))]);
    });
  });
}
