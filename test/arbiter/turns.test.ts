import { describe, expect, it } from 'vitest';
import type { PolicyFields } from '../../src/domain/model/policy.js';
import { caller } from '../support/caller.js';
import { acquire, leaseOf, recordUnleased, release, usage } from '../support/requests.js';
import { BUDGET, ONE_SLOT, openWorld, type World, wait } from './support/world.js';

const LASTS_MS = 60_000;
const HOLDS_MS = 100;

interface Loop {
  readonly aiId: string;
  readonly tokens: number;
}

/** Calls that ask again as soon as their slot is given back, until the time is over; and what came of them. */
class ClosedLoops {
  readonly spent = new Map<string, number>();
  vain = 0;
  private isOver = false;
  private reports = 0;

  constructor(private readonly world: World) {}

  /** Two calls each: one of them waits whenever the other's slot comes free, else it could not be chosen. */
  async run(loops: readonly Loop[]): Promise<void> {
    const all = loops.flatMap((loop) => [this.loop(loop), this.loop(loop)]);
    await this.world.scheduler.advance(LASTS_MS);
    this.isOver = true;
    await this.world.scheduler.until(Promise.all(all), LASTS_MS);
  }

  private async loop({ aiId, tokens }: Loop): Promise<void> {
    const { scheduler, arbiter } = this.world;
    while (!this.isOver) {
      const outcome = await wait(this.world, acquire(aiId, { estimatedTokens: tokens })).promise;
      if (outcome.kind !== 'granted') this.vain += 1;
      else {
        await new Promise<void>((resolve) => void scheduler.after(HOLDS_MS, resolve));
        this.reports += 1;
        if (scheduler.now <= LASTS_MS) this.spent.set(aiId, (this.spent.get(aiId) ?? 0) + tokens);
        const report = usage(`u${this.reports}`, tokens);
        await arbiter.submit(BUDGET, release(leaseOf(outcome), report), caller());
      }
    }
  }
}

describe('closed loops on one slot', () => {
  it.each<[string, PolicyFields, readonly Loop[], readonly number[]]>([
    [
      'as their teams weigh, 1:1:2',
      { teams: Object.entries({ a: { aiIds: ['a'] }, b: { aiIds: ['b'] }, c: { aiIds: ['c'], weight: 2 } }) },
      [
        { aiId: 'a', tokens: 300 },
        { aiId: 'b', tokens: 100 },
        { aiId: 'c', tokens: 100 },
      ],
      [18_000, 18_000, 36_000],
    ],
    [
      'alike, where there are no teams',
      {},
      [
        { aiId: 'a', tokens: 300 },
        { aiId: 'b', tokens: 100 },
        { aiId: 'c', tokens: 100 },
      ],
      [25_800, 25_700, 25_700],
    ],
    [
      'a team as one AI, and all that are in none as one team',
      { teams: Object.entries({ team: { aiIds: ['t1', 't2'] }, one: { aiIds: ['a'] } }) },
      ['t1', 't2', 'a', 'n1', 'n2', 'n3', 'n4'].map((aiId) => ({ aiId, tokens: 100 })),
      [10_000, 10_000, 20_000, 5_000, 5_000, 5_000, 5_000],
    ],
  ])('spend %s, and no wait ends in vain', async (_, fields, loops, expected) => {
    const world = await openWorld({ policy: { ...ONE_SLOT, ...fields } });
    // It has most of the month behind it, and its turn comes all the same.
    await world.ask(recordUnleased('a', 'before', 60_000_000));
    const running = new ClosedLoops(world);
    await running.run(loops);
    expect(running.vain).toBe(0);
    expect(loops.map(({ aiId }) => running.spent.get(aiId))).toEqual(expected);
  });
});
