import { expect, it } from 'vitest';
import { NOBODY } from '../../../src/arbiter/pending.js';
import { Semaphore } from '../../../src/arbiter/semaphore.js';
import type { Caller } from '../../../src/arbiter/service-port.js';
import { PROCESS_SCHEDULER as scheduler } from '../../../src/platform/scheduler.js';

const soon = () => new Promise<void>((resolve) => scheduler.soon(resolve));

/** Work that lasts until the test ends it. */
function works() {
  const open: (() => void)[] = [];
  return { open, work: () => new Promise<string>((resolve) => void open.push(() => resolve('done'))) };
}

it('a few are answered at once, the next ones in their order, and one too many is refused at once', async () => {
  const turns = new Semaphore({ scheduler, atOnce: 2, mostWaiting: 1 });
  const { open, work } = works();
  const first = [turns.take(NOBODY, work), turns.take(NOBODY, work), turns.take(NOBODY, work)];
  await expect(turns.take(NOBODY, work)).rejects.toMatchObject({
    failure: 'QUEUE_FULL',
    retryAfterMs: 1_000,
  });
  expect(open).toHaveLength(2);
  open[0]?.();
  await first[0];
  await soon();
  await soon();
  expect(open).toHaveLength(3);
  for (const end of open) end();
  expect(await Promise.all(first)).toEqual(['done', 'done', 'done']);
});

it('others have their turn of the loop between two answers', async () => {
  const turns = new Semaphore({ scheduler, atOnce: 1 });
  const order: string[] = [];
  const asked = ['a', 'b', 'c'].map((name) =>
    turns.take(NOBODY, async () => {
      order.push(name);
      scheduler.soon(() => void order.push(`after ${name}`));
    }),
  );
  await Promise.all(asked);
  await soon();
  expect(order).toEqual(['a', 'after a', 'b', 'after b', 'c', 'after c']);
});

it('a failure and a caller who has gone give their place to the next', async () => {
  const turns = new Semaphore({ scheduler, atOnce: 1 });
  const gone: Caller = { gone: true, onGone: () => {} };
  let worked = false;
  const failed = turns.take(NOBODY, () => Promise.reject(new Error('no')));
  const left = turns.take(gone, async () => {
    worked = true;
  });
  const last = turns.take(NOBODY, async () => 'answered');
  await expect(failed).rejects.toThrow('no');
  await expect(left).rejects.toMatchObject({ failure: 'CANCELLED' });
  expect(await last).toBe('answered');
  expect(worked).toBe(false);
});
