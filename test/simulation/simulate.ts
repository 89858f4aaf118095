import { Client } from './clients.js';
import { checkRest, type Journal } from './invariants.js';
import { disturb, randomPolicy } from './operators.js';
import { SimWorld } from './sim-world.js';

export interface SimResult {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly history: readonly string[];
  readonly commits: number;
}

/** Moments from which an hour, a day, a month or a change of clocks is near. */
const STARTS = [
  '2026-11-10T09:58:00Z',
  '2026-11-29T23:50:00Z',
  '2026-10-24T22:30:00Z',
  '2026-03-28T23:00:00Z',
  '2028-02-28T12:00:00Z',
];
const LONGEST_MS = 10 * 60_000;

/** One run: the same seed gives the same run. */
export async function simulate(seed: number, steps = 12): Promise<SimResult> {
  const start = Date.parse(STARTS[seed % STARTS.length] ?? '');
  const world = await SimWorld.open(seed, start, 1 + (seed % 3));
  const journal: Journal = { usages: new Map(), adjustments: new Map() };
  world.storm({ faults: 0, delayMs: 5 });
  await world.scheduler.until(world.call({ kind: 'put-policy', fields: randomPolicy(world) }));
  const clients = Array.from({ length: 2 + Math.floor(world.random() * 5) }, (_, at) => new Client(world, journal, `ai-${at}`));
  world.storm({ faults: world.pick([0, 0.02, 0.1, 0.25]), delayMs: world.pick([2, 50, 800]) });
  const all = Promise.all([...clients.map((client) => client.run(steps)), disturb(world, journal, steps)]);
  try {
    await world.scheduler.until(all, LONGEST_MS, 100);
    world.calm();
    await world.finish();
  } catch (error) {
    world.violations.push(`the run did not end: ${(error as Error).stack}`);
  }
  world.violations.push(...(await checkRest(world.inner, journal)));
  const commits = (await world.inner.version('shared'))?.revision ?? 0;
  return { seed, violations: world.violations, history: world.history, commits };
}
