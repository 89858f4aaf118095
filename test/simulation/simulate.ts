import { createHash } from 'node:crypto';
import { BOUNDS } from '../../src/arbiter/bounds.js';
import { CalmGuarantees } from './calm-guarantees.js';
import { CalmSessions } from './calm-sessions.js';
import { CalmWaits } from './calm-waits.js';
import { Client } from './clients.js';
import { extremeName, spentBefore } from './extremes.js';
import { Journal } from './journal.js';
import { floorPolicy, Operator, randomPolicy } from './operators.js';
import { checkRest } from './rest-invariants.js';
import { SessionClient } from './session-clients.js';
import { METHODS } from './sim-link.js';
import { BUDGET, SimWorld } from './sim-world.js';
import { Waiters } from './waiters.js';

export interface SimResult {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly history: readonly string[];
  readonly commits: number;
  /** So many were under way when another was sent, at most. */
  readonly mostBeside: number;
  /** Of everything that was committed and told: the same seed has the same. */
  readonly hash: string;
}

/** Moments from which an hour, a day, a month or a change of clocks is near. */
const STARTS = [
  '2026-11-10T09:58:00Z',
  '2026-11-29T23:50:00Z',
  '2026-10-24T22:30:00Z',
  '2026-03-28T23:00:00Z',
  '2026-04-04T14:50:00Z',
  '2028-02-28T12:00:00Z',
];
/** What takes its time in a run. Looking up what nobody remembers is where time does most harm. */
const SLOW = [...METHODS, 'findReceipts', 'findReceipts', 'findReceipts', 'findReceipts'] as const;
/** So that several commits are under way, where one may follow another before it is durable. */
const SLOW_TO_COMMIT = [...SLOW, ...Array.from({ length: SLOW.length }, () => 'commit' as const)];
/** Of every client and of the operator. */
export const STEPS = 12;
/** In the worst weather every call needs many tries; a run that takes longer than this goes nowhere. */
const LONGEST_MS = 60 * 60_000;
/** A day that closes and what follows from it. */
const MOST_AT_REST = 20;
/** What is left to do is done within this time of calm; then nobody needs the budget in memory. */
const CALM_MS = 45_000;
/** Longer than alerts wait between two tries, and than a replica that crashed holds them. */
const ALERTS_TOLD_MS = 15 * 60_000;

/** The rest of an hour, and the time that its alert is away before its end is told. */
const HOUR_ALERTS_END_MS = 95 * 60_000;

/** One run: the same seed gives the same run. */
export async function simulate(seed: number, steps = STEPS): Promise<SimResult> {
  const start = Date.parse(STARTS[seed % STARTS.length] ?? '');
  const world = new SimWorld(seed, start, 1 + (seed % 3));
  const journal = new Journal((what) => world.violated(what));
  try {
    const spent = spentBefore(world.extreme, seed);
    // Of a month that is spent nobody gets a slot, however calm it is.
    const calm =
      spent > 0 ? undefined : ([CalmGuarantees, Waiters, CalmSessions, CalmWaits] as const)[seed % 4];
    await live(world, journal, { steps, floor: seed % 5 === 0, calm, spent });
    world.violations.push(...(await checkRest(world, journal)));
  } catch (error) {
    world.violations.push(`the run did not end: ${(error as Error).stack}`);
  }
  const { violations, history, commits, mostBeside } = world;
  const states = world.states.map(({ at, state }) => [at, state.head, [...state.sections.leases]]);
  const hash = createHash('sha256')
    .update(JSON.stringify([history, violations, states]))
    .digest('hex');
  return { seed, violations, history, commits, mostBeside, hash };
}

/** What failed in the storm is tried again after a while; the receiver hears everything now. */
async function untilToldOfAlerts(world: SimWorld): Promise<void> {
  for (let waited = 0; waited < ALERTS_TOLD_MS; waited += 10_000) {
    const state = await world.store.load(BUDGET);
    if (state === undefined || !world.sink.isPending(state)) return;
    await world.scheduler.advance(10_000);
  }
}

/** Time alone ends what an hour brought about, and its end is told. */
async function pastTheEndOfAnHour(world: SimWorld): Promise<void> {
  await world.scheduler.advance(HOUR_ALERTS_END_MS);
  await untilToldOfAlerts(world);
}

interface Plan {
  readonly steps: number;
  readonly floor: boolean;
  /** What is tried when nothing goes wrong any more. */
  readonly calm: typeof CalmGuarantees | typeof Waiters | typeof CalmSessions | typeof CalmWaits | undefined;
  /** What was spent before. */
  readonly spent: number;
}

async function live(
  world: SimWorld,
  journal: Journal,
  { steps, floor, calm: Calm, spent }: Plan,
): Promise<void> {
  const { scheduler } = world;
  await scheduler.advance(100);
  const fields = floor ? floorPolicy(world) : randomPolicy(world);
  await scheduler.until(world.call({ kind: 'put-policy', fields }));
  if (spent > 0) await scheduler.until(new Operator(world, journal).bringIn(spent));
  world.promises = { floor, clockWasReset: false };
  const count = 2 + Math.floor(world.random() * 5);
  const clients = Array.from({ length: count }, (_, at) => {
    const Kind = world.random() < 0.4 ? SessionClient : Client;
    return new Kind(world, journal, extremeName(world.extreme, `ai-${at}`), floor);
  });
  const slow = world.random() < 0.5 ? world.pick(world.store.exclusive ? SLOW_TO_COMMIT : SLOW) : undefined;
  world.storm({ faults: world.pick([0, 0.02, 0.1, 0.25]), delayMs: world.pick([2, 50, 800]), slow });
  const busy = [
    ...clients.map((client) => client.run(steps)),
    new Operator(world, journal).run(steps, floor),
  ];
  await scheduler.until(Promise.all(busy), LONGEST_MS, 100);
  world.calm();
  await scheduler.advance(CALM_MS);
  // What an operator does when the budget's clock is ahead.
  world.promises = { floor: false, clockWasReset: true };
  await scheduler.until(world.call({ kind: 'reset-clock' }));
  if (Calm !== undefined) {
    // A lease of a future that never was begins its time anew with the reset.
    await scheduler.advance(CALM_MS);
    await scheduler.until(new Calm(world, journal).run(), LONGEST_MS, 100);
  }
  await untilToldOfAlerts(world);
  if (world.random() < 0.1) await pastTheEndOfAnHour(world);
  const before = world.commits;
  await scheduler.advance(BOUNDS.idleMs + 5_000);
  // What was looked at without a commit meanwhile, an alert for one, stays for as long again.
  const keeps = () => world.replicas.some(({ arbiter }) => arbiter.size > 0);
  // A day that ended in the last seconds may have brought one.
  const mustTell = async () => {
    const state = await world.store.load(BUDGET);
    return state !== undefined && world.sink.isPending(state);
  };
  for (let more = 0; more < 2 && (keeps() || (await mustTell())); more += 1)
    await scheduler.advance(BOUNDS.idleMs + 5_000);
  if (world.commits - before > MOST_AT_REST) world.violated(`${world.commits - before} commits at rest`);
}
