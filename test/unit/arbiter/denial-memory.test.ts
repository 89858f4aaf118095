import { expect, it } from 'vitest';
import { DenialMemories, DenialMemory } from '../../../src/arbiter/denial-memory.js';
import type { Denial, Rule } from '../../../src/domain/model/types.js';
import { blockers } from '../domain/denials/samples.js';

const HOUR = Date.UTC(2026, 10, 29, 14);
const DENIED = { wouldDeny: false, isKnown: () => true };

function denial(...rules: Rule[]): Denial {
  return { blockers: blockers(...rules), permanent: false, fallbackBudgetIds: [] };
}

it('keeps the last denial by each rule, and how many there were, over the hours', () => {
  const memory = new DenialMemory('b', 'r-1', () => {});
  memory.note('guardian', denial('COOLDOWN', 'HOURLY_CAP'), HOUR - 1, DENIED);
  memory.note('sandbox', denial('COOLDOWN'), HOUR + 2, DENIED);
  memory.note('sandbox', denial('COOLDOWN'), HOUR + 3, { ...DENIED, wouldDeny: true });
  expect(memory.rules()).toEqual([
    { rule: 'COOLDOWN', count: 3, lastAt: HOUR + 3, lastAiId: 'sandbox', lastMessage: 'COOLDOWN says no' },
    {
      rule: 'HOURLY_CAP',
      count: 1,
      lastAt: HOUR - 1,
      lastAiId: 'guardian',
      lastMessage: 'HOURLY_CAP says no',
    },
  ]);
  expect(memory.counts().map(({ rule, denied, wouldDeny }) => [rule, denied, wouldDeny])).toEqual([
    ['COOLDOWN', 2, 1],
    ['HOURLY_CAP', 1, 0],
  ]);
});

it('has the hours apart, also when the clock goes back', () => {
  const memory = new DenialMemory('b', 'r-1', () => {});
  for (const at of [HOUR - 1, HOUR, HOUR - 2]) memory.note('guardian', denial('PAUSED'), at, DENIED);
  const of = (from: number, to: number) => memory.spans(from, to).map(({ start, denied }) => [start, denied]);
  expect(of(0, HOUR + 1)).toEqual([
    [HOUR - 3_600_000, 2],
    [HOUR, 1],
  ]);
  expect(of(HOUR, HOUR + 1)).toEqual([[HOUR, 1]]);
  expect(of(0, HOUR)).toEqual([[HOUR - 3_600_000, 2]]);
});

it('writes an hour that was forgotten, and comes again with a clock that goes back, beside what is stored of it', () => {
  const memory = new DenialMemory('b', 'r-1', () => {});
  const written = () =>
    memory.takeWrites(HOUR, true).map(({ head: { writer, start, denied } }) => [writer, start, denied]);
  for (let times = 0; times < 3; times += 1) memory.note('guardian', denial('PAUSED'), HOUR, DENIED);
  expect(written()).toEqual([['r-1', HOUR, 3]]);
  memory.note('guardian', denial('PAUSED'), HOUR + 50 * 3_600_000, DENIED);
  expect(written()).toEqual([['r-1', HOUR + 50 * 3_600_000, 1]]);
  memory.settle(HOUR + 50 * 3_600_000);
  memory.note('guardian', denial('PAUSED'), HOUR + 1, DENIED);
  expect(written()).toEqual([['r-1.1', HOUR, 1]]);
  expect(memory.writerOf(HOUR)).toBe('r-1.1');
  expect(memory.counts()[0]?.denied).toBe(5);
});

it('goes on counting by rule when there are too many hours to keep', () => {
  const memory = new DenialMemory('b', 'r-1', () => {});
  for (let hour = 0; hour < 100; hour += 1)
    memory.note('guardian', denial('PAUSED'), HOUR + hour * 3_600_000, DENIED);
  expect(memory.spans(0, Number.MAX_SAFE_INTEGER)).toHaveLength(24);
  expect(memory.rules()[0]?.count).toBe(100);
});

it('begins anew with a budget that was deleted', () => {
  const memory = new DenialMemory('b', 'r-1', () => {});
  memory.ofEpoch(1);
  memory.note('guardian', denial('PAUSED'), HOUR, DENIED);
  memory.ofEpoch(1);
  expect(memory.rules()).toHaveLength(1);
  memory.ofEpoch(2);
  expect([memory.rules(), memory.spans(0, HOUR + 1), memory.minutesSince(0)]).toEqual([[], [], []]);
});

it('outlives the stay of its budget in memory, for as many budgets as there is room', () => {
  const memories = new DenialMemories('r');
  memories.of('first').note('guardian', denial('PAUSED'), 1, DENIED);
  for (let at = 0; at < 1_999; at += 1) memories.of(`b${at}`);
  expect(memories.of('first').rules()).toHaveLength(1);
  for (let at = 0; at < 2_000; at += 1) memories.of(`c${at}`);
  expect(memories.of('first').rules()).toEqual([]);
});
