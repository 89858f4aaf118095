import { describe, expect, it } from 'vitest';
import {
  DAY_AIS,
  type DenialRecord,
  foldedDay,
  recentOf,
  withoutFolded,
} from '../../../../src/domain/denials/records.js';
import { ai, pair, ruleDenials, span } from './samples.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

function record(
  start: number,
  writer: string,
  counts: Record<string, number>,
  more: Partial<DenialRecord> = {},
): DenialRecord {
  const denied = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const ais = new Map(
    Object.entries(counts).map(([name, count]) => [name, ai(count, [pair('PAUSED', count)])]),
  );
  return {
    ...{
      ...span({ start, end: start + HOUR, denied, ais, rules: [ruleDenials('PAUSED', denied)] }),
      budgetId: 'b',
      epoch: 1,
    },
    ...{ writer, revision: 7, lastAt: start + 9, minutes: [], recentAis: [], recentAiCount: 0, ...more },
  };
}

const OF_DAY = { budgetId: 'b', epoch: 1, start: DAY };

describe('a folded day', () => {
  it('is the sum of its hours and of all who counted them', () => {
    const day = foldedDay(OF_DAY, [
      record(DAY, 'r-1', { a: 2 }),
      record(DAY, 'r-2', { a: 1, b: 1 }),
      record(DAY + HOUR, 'r-1', { b: 5 }),
    ]);
    expect(day).toMatchObject({ start: DAY, end: 2 * DAY, denied: 9, writer: 'day', lastAt: DAY + HOUR + 9 });
    expect([...day.ais].map(([name, { denied }]) => [name, denied])).toEqual([
      ['b', 6],
      ['a', 3],
    ]);
    expect(day.rules).toMatchObject([{ rule: 'PAUSED', denied: 9 }]);
  });

  it('keeps the most refused, and says how often another may have been', () => {
    const counts = Object.fromEntries(Array.from({ length: DAY_AIS + 10 }, (_, at) => [`n${at}`, at + 1]));
    const { ais, floor } = foldedDay(OF_DAY, [record(DAY, 'r-1', counts)]);
    expect([ais.size, Math.min(...[...ais.values()].map(({ denied }) => denied)), floor]).toEqual([
      DAY_AIS,
      11,
      10,
    ]);
  });
});

it('stands in place of its hours, which somebody is about to remove', () => {
  const day = foldedDay(OF_DAY, [record(DAY, 'r-1', { a: 2 })]);
  const next = record(2 * DAY, 'r-1', { a: 1 });
  expect(withoutFolded([record(DAY + HOUR, 'r-1', { a: 2 }), day, next])).toEqual([day, next]);
});

it('tells of late what its minutes of late are', () => {
  const minutes = [0, 60_000, 120_000].map((start) => ({ start, denied: 1, wouldDeny: 0 }));
  const { minutes: told, ...rest } = recentOf(
    record(0, 'r', {}, { minutes, recentAis: ['a'], recentAiCount: 30 }),
    60_000,
  );
  expect(told).toEqual(minutes.slice(1));
  expect(rest).toMatchObject({ ais: ['a'], aiCount: 30 });
});
