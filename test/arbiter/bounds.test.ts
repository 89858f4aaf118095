import { expect, it } from 'vitest';
import { caller, openWorld } from './support/world.js';

it('more budgets than the bound are refused at once, until those that nobody uses have left', async () => {
  const world = await openWorld({ bounds: { budgets: 3 } });
  const ask = (budgetId: string) =>
    world.scheduler.until(world.arbiter.submit(budgetId, { kind: 'get-snapshot' }, caller()));
  for (const budgetId of ['no-1', 'no-2']) expect(await ask(budgetId)).toMatchObject({ kind: 'refused' });
  const before = world.store.calls.length;
  await expect(ask('no-3')).rejects.toMatchObject({ failure: 'QUEUE_FULL', retryAfterMs: 1_000 });
  expect(world.store.calls.length).toBe(before);
  expect((await world.snapshot()).budget.budgetId).toBe('anthropic');
  await world.scheduler.advance(2_000);
  expect(await ask('no-3')).toMatchObject({ kind: 'refused' });
});
