import type { Output } from './output.js';

const WIDTH = 30;
const AT_LEAST_MS = 100;

/** How far something is, in place, for whoever looks on; elsewhere nothing. */
export class Progress {
  private shownAt = Number.NEGATIVE_INFINITY;
  private readonly shows: boolean;

  constructor(
    private readonly output: Output,
    private readonly what: string,
    /** Milliseconds from any start. */
    private readonly now: () => number,
  ) {
    this.shows = output.screen !== undefined;
  }

  /** `part`: 0 to 1. */
  show(part: number): void {
    if (!this.shows || this.now() - this.shownAt < AT_LEAST_MS) return;
    this.shownAt = this.now();
    const done = Math.round(Math.min(1, part) * WIDTH);
    const bar = '#'.repeat(done) + '.'.repeat(WIDTH - done);
    const percent = `${Math.floor(Math.min(1, part) * 100)}%`.padStart(4);
    this.output.err(`\r${this.what} [${bar}]${percent}`);
  }

  /** Takes the bar away again. */
  end(): void {
    if (this.shows && this.shownAt >= 0) this.output.err('\r\u001b[K');
  }
}
