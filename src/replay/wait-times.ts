/** Each step is so much longer than the one before: what is read out is exact to half of that. */
const STEP = 1.02;

/** How long requests waited, in ms: as many counts as there are lengths, however many requests. */
export class WaitTimes {
  private readonly counts: number[] = [];
  private total = 0;

  note(ms: number): void {
    const step = ms < 1 ? 0 : 1 + Math.round(Math.log(ms) / Math.log(STEP));
    this.counts[step] = (this.counts[step] ?? 0) + 1;
    this.total += 1;
  }

  /** So many of a hundred waited no longer. */
  percentile(percent: number): number {
    let left = Math.ceil((this.total * percent) / 100);
    for (let step = 0; step < this.counts.length; step += 1) {
      left -= this.counts[step] ?? 0;
      if (left <= 0) return step === 0 ? 0 : Math.round(STEP ** (step - 1));
    }
    return 0;
  }
}
