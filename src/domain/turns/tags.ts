import { LazyMap } from '../model/lazy-map.js';
import type { Trial } from './trial.js';

/** Tags count in these parts of a token, in integers of any size: nothing is rounded that another grant would see. */
const PARTS = 1_000_000n;
/** Weights have at most so many decimal places. */
const WEIGHT_PLACES = 4;
/** So many flows are remembered; above that those are forgotten that gain least by it. */
const MOST_REMEMBERED = 1_000;

interface Tag {
  readonly finish: bigint;
  /** What the last division left, in parts of a token times the weight: carried on, so that nothing is lost over months. */
  readonly rest: bigint;
  readonly weight: bigint;
}

/**
 * Start-time fair queueing among flows that are alike but for their weights. Each has a finish: where its tokens, over its weight, have
 * brought it. Its next turn starts there, or at the largest start that was served, if that is later: so nobody saves up turns by
 * not asking, and nobody is made to wait for what it used long ago.
 */
export class Tags {
  private served = 0n;
  private readonly tags = new LazyMap<string, Tag>();

  constructor(private readonly trial: Trial) {}

  /** The largest start that was served: it only rises. */
  get largestStart(): bigint {
    return this.served;
  }

  /** Where a flow's next turn starts: the least is served. */
  startOf(flow: string): bigint {
    const finish = this.tags.get(flow)?.finish ?? this.served;
    return finish > this.served ? finish : this.served;
  }

  /** A flow is served with so many tokens. */
  serve(flow: string, tokens: number, weight: number): void {
    const start = this.startOf(flow);
    this.move(flow, start, tokens, weight);
    const before = this.served;
    this.served = start;
    this.trial.moved(() => {
      this.served = before;
    });
  }

  /** It has spent so many more than it was served with, or fewer. */
  correct(flow: string, tokens: number, weight: number): void {
    this.move(flow, this.tags.get(flow)?.finish ?? this.served, tokens, weight);
  }

  private move(flow: string, from: bigint, tokens: number, weight: number): void {
    const tag = this.tags.get(flow);
    const divisor = integerOf(weight);
    const rest = tag?.weight === divisor ? tag.rest : 0n;
    const dividend = BigInt(tokens) * PARTS * SCALE + rest;
    const left = ((dividend % divisor) + divisor) % divisor;
    this.tags.set(flow, { finish: from + (dividend - left) / divisor, rest: left, weight: divisor });
    this.trial.moved(() => {
      if (tag === undefined) this.tags.delete(flow);
      else this.tags.set(flow, tag);
    });
  }

  /** Something is kept: flows that it makes no difference to remember are forgotten. */
  tidy(): void {
    if (this.tags.size > MOST_REMEMBERED) this.forget();
  }

  /** All whose finish is served, since a turn of theirs starts as if they were new; then those least ahead, down to half. */
  private forget(): void {
    for (const [flow, { finish }] of this.tags) if (finish <= this.served) this.tags.delete(flow);
    if (this.tags.size <= MOST_REMEMBERED / 2) return;
    const ahead = [...this.tags].sort(([, a], [, b]) => (a.finish < b.finish ? -1 : 1));
    for (const [flow] of ahead.slice(0, this.tags.size - MOST_REMEMBERED / 2)) this.tags.delete(flow);
  }
}

const SCALE = 10n ** BigInt(WEIGHT_PLACES);

function integerOf(weight: number): bigint {
  return weight === 1 ? SCALE : BigInt(Math.round(weight * 10 ** WEIGHT_PLACES));
}
