/** Where a histogram of seconds puts its bounds: from what a commit on a fast disk takes, to what a caller would not wait for. */
export const SECONDS: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];

export const REQUESTS: readonly number[] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

/**
 * One histogram being filled. The metrics library would look labels up and check them at every value, which costs the hot path
 * more than all else here; so it is given whole histograms when somebody asks for them.
 */
export class Buckets {
  /** By bound, how many values were up to it and above the one before; the last counts those above all bounds. */
  readonly counts: number[];
  sum = 0;

  constructor(readonly bounds: readonly number[]) {
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  add(value: number): void {
    const { bounds, counts } = this;
    let index = 0;
    while (index < bounds.length && value > (bounds[index] as number)) index += 1;
    counts[index] = (counts[index] as number) + 1;
    this.sum += value;
  }

  addMs(ms: number): void {
    this.add(ms / 1_000);
  }
}
