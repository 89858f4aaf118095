import { beforeEach, expect, it } from 'vitest';
import { Slowdown } from '../../../src/access/slowdown.js';
import { collectedLog } from '../../support/collected-log.js';
import { ManualClock } from '../../support/manual-clock.js';
import { ManualScheduler } from '../../support/manual-scheduler.js';

let clock: ManualClock;
let scheduler: ManualScheduler;
let log: ReturnType<typeof collectedLog>;
let slowdown: Slowdown;
beforeEach(() => {
  clock = new ManualClock();
  scheduler = new ManualScheduler([clock]);
  log = collectedLog();
  slowdown = new Slowdown(scheduler, () => clock.monotonic(), log);
});

/** How long the answer to one more failure is held back. */
async function delayOf(peer: string): Promise<number> {
  const start = clock.monotonic();
  await scheduler.until(slowdown.failed(peer), 10_000, 100);
  return clock.monotonic() - start;
}

it('holds answers back longer and longer, after a few that are free', async () => {
  const delays: number[] = [];
  for (let count = 0; count < 20; count += 1) delays.push(await delayOf('10.0.0.1'));
  expect(delays.slice(0, 10)).toEqual(Array(10).fill(0));
  expect(delays.slice(10, 16)).toEqual([100, 200, 400, 800, 1_600, 3_200]);
  expect(Math.max(...delays)).toBe(5_000);
  expect(await delayOf('10.0.0.2')).toBe(0);
});

it('forgives with time', async () => {
  for (let count = 0; count < 13; count += 1) await delayOf('peer');
  await scheduler.advance(130_000);
  expect(await delayOf('peer')).toBe(0);
});

it('tells the log at 11, 22, 44 failures, not at each', async () => {
  for (let count = 0; count < 50; count += 1) void slowdown.failed('peer');
  await scheduler.advance(5_000);
  expect(log.entries.map(({ fields }) => fields['failures'])).toEqual([11, 22, 44]);
});

it('remembers a bounded number of peers', async () => {
  for (let peer = 0; peer < 20_000; peer += 1) await slowdown.failed(`peer-${peer}`);
  expect(slowdown.size).toBe(10_000);
});

it('holds back a bounded number of answers', async () => {
  const answers = Array.from({ length: 5_000 }, () => slowdown.failed('peer'));
  let answered = 0;
  for (const answer of answers) void answer.then(() => answered++);
  await scheduler.settle();
  expect(answered).toBe(10 + 5_000 - 10 - 2_000);
  await scheduler.advance(5_000);
  expect(answered).toBe(5_000);
});
