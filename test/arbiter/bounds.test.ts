import { expect, it } from 'vitest';
import type { CallerRequest } from '../../src/arbiter/service-port.js';
import { caller } from '../support/caller.js';
import { openWorld } from './support/world.js';

async function world() {
  const made = await openWorld({ bounds: { budgets: 3 } });
  const submit = (budgetId: string, request: CallerRequest) =>
    made.scheduler.until(made.arbiter.submit(budgetId, request, caller()));
  return {
    ...made,
    ask: (budgetId: string) => submit(budgetId, { kind: 'get-snapshot' }),
    create: (budgetId: string) => submit(budgetId, { kind: 'put-policy', fields: {} }),
  };
}

it('more budgets than the bound are refused at once, until those that nobody uses have left', async () => {
  const { ask, create, store, scheduler, snapshot } = await world();
  for (const budgetId of ['b-1', 'b-2']) expect(await create(budgetId)).toMatchObject({ kind: 'budget' });
  const before = store.calls.length;
  await expect(ask('b-3')).rejects.toMatchObject({ failure: 'QUEUE_FULL', retryAfterMs: 1_000 });
  expect(store.calls.length).toBe(before);
  expect((await snapshot()).budget.budgetId).toBe('anthropic');
  await scheduler.advance(70_000);
  expect(await ask('b-3')).toMatchObject({ kind: 'refused' });
});

it('names of budgets that never were shut nobody out', async () => {
  const { ask, create, scheduler } = await world();
  for (const budgetId of ['no-1', 'no-2']) expect(await ask(budgetId)).toMatchObject({ kind: 'refused' });
  expect(await create('b-1')).toMatchObject({ kind: 'budget' });
  expect(await ask('no-3')).toMatchObject({ kind: 'refused' });
  // Not at each call: looking for room has its price.
  await expect(ask('no-4')).rejects.toMatchObject({ failure: 'QUEUE_FULL' });
  await scheduler.advance(100);
  expect(await ask('no-4')).toMatchObject({ kind: 'refused' });
});
