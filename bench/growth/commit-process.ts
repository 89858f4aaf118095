import { BSON } from 'mongodb';
import type { StatePatch } from '../../src/domain/model/state.js';
import type * as Documents from '../../src/store/mongo/documents.js';
import { built } from '../built.js';
import { median } from '../measure/median.js';
import { eachOf } from '../serve/budgets.js';
import { Inside, type StorePlace } from './inside.js';

/**
 * `commit-process.ts PLACE AXIS`: times commits of budgets that differ in one thing, by turns. Prints one line of JSON.
 */
export interface CommitGrowth {
  readonly size: number;
  readonly ms: number;
  readonly bytes: number;
  readonly loadMs: number;
  /** To the smallest size: each round against its own. */
  readonly msRatio: number;
  readonly bytesRatio: number;
}

const SIZES = { ais: [10, 100, 1_000, 10_000], leases: [1, 10, 100, 1_000] } as const;
export type Axis = keyof typeof SIZES;
const ROUNDS = 7;
const CYCLES = 20;
const SETTLE_MS = 3_000;
const DAY_MS = 86_400_000;

const { updateOf } = await built<typeof Documents>('store/mongo/documents.js');

/** Medians of a round. */
interface Round {
  readonly ms: number;
  readonly bytes: number;
  readonly loadMs: number;
}

async function main(place: StorePlace, axis: Axis): Promise<void> {
  const inside = await Inside.open(place);
  for (const size of SIZES[axis]) await fill(inside, axis, size);
  // What filling left to write out must be over, or the first size pays for it.
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const rounds = new Map<number, Round[]>(SIZES[axis].map((size) => [size, []]));
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [size, found] of rounds) {
      const medians = await measure(inside, axis, size);
      // The first round warms up.
      if (round > 0) found.push(medians);
    }
  }
  await inside.close();
  console.log(JSON.stringify(growthOf(rounds)));
}

async function measure(inside: Inside, axis: Axis, size: number): Promise<Round> {
  inside.commits.length = 0;
  for (let cycle = 0; cycle < CYCLES; cycle += 1) await inside.cycle(`b-${size}`, aiOf(axis, size));
  const ms = median(inside.commits.map((commit) => commit.ms));
  const bytes = median(inside.commits.map(({ patch }) => sentBytes(patch)));
  return { ms, bytes, loadMs: await inside.loadMs(`b-${size}`) };
}

function growthOf(rounds: ReadonlyMap<number, readonly Round[]>): CommitGrowth[] {
  const [first = []] = rounds.values();
  return [...rounds].map(([size, found]) => {
    const ratio = (of: (round: Round) => number) =>
      median(found.map((round, at) => of(round) / of(first[at] ?? round)));
    return {
      size,
      ms: median(found.map(({ ms }) => ms)),
      bytes: median(found.map(({ bytes }) => bytes)),
      loadMs: median(found.map(({ loadMs }) => loadMs)),
      msRatio: ratio(({ ms }) => ms),
      bytesRatio: ratio(({ bytes }) => bytes),
    };
  });
}

/** As many AIs that were here today, or as many leases that live on. */
async function fill(inside: Inside, axis: Axis, size: number): Promise<void> {
  const budgetId = `b-${size}`;
  await inside.create(budgetId);
  const ais = Array.from({ length: axis === 'ais' ? size : size - 1 }, (_, ai) => `ai-${ai}`);
  await eachOf(ais, (ai) =>
    axis === 'ais' ? inside.cycle(budgetId, ai) : inside.grant(budgetId, ai, DAY_MS),
  );
}

function aiOf(axis: Axis, size: number): string {
  return axis === 'ais' ? `ai-${Math.floor(Math.random() * size)}` : 'one-more';
}

/** The update as MongoDB is sent it; the embedded store writes the same entries. */
function sentBytes(patch: StatePatch): number {
  return BSON.calculateObjectSize(updateOf(patch));
}

const [place, axis] = process.argv.slice(2);
await main(JSON.parse(place ?? '') as StorePlace, axis as Axis);
process.exit();
