import { DenialMemory } from '../../../src/arbiter/denial-memory.js';
import { dayOf, foldedDay } from '../../../src/domain/denials/records.js';
import type { Denial } from '../../../src/domain/model/types.js';
import { BUDGET } from './recorded-month.js';
import type { World } from './world.js';

const HOURLY_CAP: Denial = {
  blockers: [
    {
      ...{ rule: 'HOURLY_CAP', window: 'HOUR', limit: 1_000, spent: 950, reserved: 0, requested: 900 },
      message: 'the hour has no room for 900 tokens',
    },
  ],
  ...{ permanent: false, fallbackBudgetIds: [] },
};

/** Of another replica: five requests of a day that is folded, and one of a day whose hours are still kept apart. */
export async function recordPastDenials({ store }: World): Promise<void> {
  const old = Date.parse('2026-11-19T09:10:00Z');
  const [write] = counted(old, 5);
  if (write === undefined) throw new Error('something was counted');
  const day = { budgetId: BUDGET, epoch: 1, start: dayOf(old) };
  await store.foldDenials(foldedDay(day, [{ ...write.head, ais: write.ais }]));
  await store.writeDenials(counted(Date.parse('2026-11-22T11:30:00Z'), 1));
}

function counted(at: number, times: number) {
  const memory = new DenialMemory(BUDGET, 'another-replica', () => undefined);
  memory.ofEpoch(1);
  for (let time = 0; time < times; time += 1)
    memory.note('guardian', HOURLY_CAP, at + time, { wouldDeny: false, isKnown: () => true });
  return memory.takeWrites(at, true);
}
