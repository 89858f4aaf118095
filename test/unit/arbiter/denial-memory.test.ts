import { expect, it } from 'vitest';
import { DenialMemories, DenialMemory } from '../../../src/arbiter/denial-memory.js';
import type { Denial, Rule } from '../../../src/domain/model/types.js';

function denial(...rules: Rule[]): Denial {
  const blockers = rules.map((rule) => ({
    ...{ rule, limit: 1, spent: 1, reserved: 0, requested: 1, message: `${rule} says no` },
  }));
  return { blockers, permanent: false, fallbackBudgetIds: [] };
}

it('keeps the last denial by each rule, and how many there were', () => {
  const memory = new DenialMemory();
  memory.note('guardian', denial('COOLDOWN', 'HOURLY_CAP'), 1_000);
  memory.note('sandbox', denial('COOLDOWN'), 2_000);
  expect(memory.rules()).toEqual([
    { rule: 'COOLDOWN', count: 2, lastAt: 2_000, lastAiId: 'sandbox', lastMessage: 'COOLDOWN says no' },
    { rule: 'HOURLY_CAP', count: 1, lastAt: 1_000, lastAiId: 'guardian', lastMessage: 'HOURLY_CAP says no' },
  ]);
});

it('outlives the stay of its budget in memory, for as many budgets as there is room', () => {
  const memories = new DenialMemories();
  memories.of('first').note('guardian', denial('PAUSED'), 1);
  for (let at = 0; at < 1_999; at += 1) memories.of(`b${at}`);
  expect(memories.of('first').rules()).toHaveLength(1);
  for (let at = 0; at < 2_000; at += 1) memories.of(`c${at}`);
  expect(memories.of('first').rules()).toEqual([]);
});
