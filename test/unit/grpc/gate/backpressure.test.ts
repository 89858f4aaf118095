import { expect, it } from 'vitest';
import { Backpressure, type Readable } from '../../../../src/grpc/gate/backpressure.js';
import { ManualScheduler } from '../../../support/manual-scheduler.js';

/** Refused as often as it is read. */
function flooder(lane: () => Backpressure, refusals: number) {
  const seen = { refused: 0, reads: true };
  const connection: Readable = {
    read(on) {
      seen.reads = on;
      if (on) flood();
    },
  };
  const flood = () => {
    for (let call = 0; call < refusals; call += 1) {
      seen.refused += 1;
      lane().refused(connection);
    }
  };
  return { seen, flood, connection };
}

it('reads connections that are refused no faster than it can refuse, each in its turn', async () => {
  const scheduler = new ManualScheduler([]);
  const lane: Backpressure = new Backpressure(1_000, scheduler, () => false);
  const flooders = Array.from({ length: 20 }, () => flooder(() => lane, 100));
  for (const { flood } of flooders) flood();
  expect(lane.size).toBe(10);
  const before = flooders.reduce((sum, { seen }) => sum + seen.refused, 0);
  await scheduler.advance(10_000);
  const after = flooders.reduce((sum, { seen }) => sum + seen.refused, 0);
  expect(after - before).toBeLessThan(15 * 1_000);
  for (const { seen } of flooders.slice(10)) expect(seen.refused).toBeGreaterThan(100);
  lane.stop();
});

it('reads on at once where nobody is refused any more, and leaves nobody behind', async () => {
  const scheduler = new ManualScheduler([]);
  let roomy = false;
  const lane: Backpressure = new Backpressure(100, scheduler, () => roomy);
  const calm = { reads: [] as boolean[], read: (on: boolean) => void calm.reads.push(on) };
  for (let call = 0; call < 1_000; call += 1) lane.refused(calm);
  expect(calm.reads).toEqual([false]);
  roomy = true;
  await scheduler.advance(100);
  expect(calm.reads).toEqual([false, true]);
  roomy = false;
  lane.refused(calm);
  await scheduler.advance(6_000);
  expect(calm.reads).toEqual([false, true, false, true]);
  expect(lane.size).toBe(0);
});
