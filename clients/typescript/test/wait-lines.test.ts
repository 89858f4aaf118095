import { expect, it } from 'vitest';
import { WaitLines } from '../src/slot/wait-lines.js';

const NEVER = new AbortController().signal;
const turns = () => new Promise(setImmediate);

it('serves those beyond the most first come first served, each AI in a line of its own', async () => {
  const lines = new WaitLines(2);
  const order: number[] = [];
  const [first, second] = [await lines.enter('a', NEVER), await lines.enter('a', NEVER)];
  const later = [1, 2, 3].map(async (n) => {
    const leave = await lines.enter('a', NEVER);
    order.push(n);
    return leave;
  });
  await lines.enter('b', NEVER);
  await turns();
  expect(order).toEqual([]);
  first?.();
  first?.();
  await turns();
  expect(order).toEqual([1]);
  second?.();
  (await later[0])?.();
  await turns();
  expect(order).toEqual([1, 2, 3]);
});

it('leaves out who went while waiting', async () => {
  const lines = new WaitLines(1);
  const held = await lines.enter('a', NEVER);
  const goes = new AbortController();
  const gone = lines.enter('a', goes.signal);
  const stays = lines.enter('a', NEVER);
  goes.abort();
  expect(await gone).toBeUndefined();
  expect(await lines.enter('a', goes.signal)).toBeUndefined();
  held?.();
  (await stays)?.();
  expect(await lines.enter('a', NEVER)).toBeDefined();
});
