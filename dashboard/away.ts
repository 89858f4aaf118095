import type { ZoneTimes } from './format.js';
import type { Connection } from './live-stream.js';

/** Why what a page of one budget knows is not of now: the service does not answer, or its store does not. */
export class Away {
  /** The moment of the figures that are shown. */
  private heardAt: number | undefined;
  private isLost = false;
  private isStale = false;

  heard(at: number, isStale: boolean): void {
    this.isLost = false;
    this.isStale = isStale;
    this.heardAt = at;
  }

  connected(state: Connection): void {
    this.isLost = state === 'lost';
  }

  /** Undefined: it is of now. */
  text(times: ZoneTimes): string | undefined {
    if (this.heardAt === undefined || !(this.isLost || this.isStale)) return undefined;
    const who = this.isLost ? 'service' : 'store';
    return `The ${who} does not answer: the figures are of ${times.time(this.heardAt)}.`;
  }
}
