import type { Log } from '../platform/log.js';
import { type Principal, principalLabel } from './principal.js';

/** After so long without a denial the next one is a new story. */
const STORY_MS = 60_000;
const MOST = 1_000;

interface Story {
  times: number;
  at: number;
}

/**
 * Tells the log of those who ask for more than they may. Of one that goes on asking at its 1st, 2nd, 4th, 8th time: nobody
 * shall fill the log by it.
 */
export class Denials {
  private readonly stories = new Map<string, Story>();

  constructor(
    private readonly monotonic: () => number,
    private readonly log: Log,
  ) {}

  tell(principal: Principal, method: string, budget?: string): void {
    const times = this.count(`${principal.name} ${method}`);
    if (!Number.isInteger(Math.log2(times))) return;
    const fields = { principal: principalLabel(principal), method, times };
    this.log.info(
      budget === undefined ? fields : { ...fields, budget },
      'a principal asked for more than it may',
    );
  }

  private count(key: string): number {
    const now = this.monotonic();
    const before = this.stories.get(key);
    const goesOn = before !== undefined && now - before.at < STORY_MS;
    const times = goesOn ? before.times + 1 : 1;
    this.stories.delete(key);
    this.stories.set(key, { times, at: now });
    if (this.stories.size > MOST) {
      const [oldest] = this.stories.keys();
      if (oldest !== undefined) this.stories.delete(oldest);
    }
    return times;
  }
}
