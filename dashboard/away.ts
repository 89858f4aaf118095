import type { ZoneTimes } from './format.js';
import type { Connection } from './live-stream.js';
import type { PageContext } from './view.js';

/** Why what a page of one budget knows is not of now: the service does not answer, or its store does not. */
export class Away {
  /** The moment of the figures that are shown. */
  private heardAt: number | undefined;
  private isLost = false;
  private isStale = false;

  constructor(private readonly page: Pick<PageContext, 'clock' | 'connection'>) {}

  /** The page's clock and its badge hear of it, too. */
  heard(at: number, isStale: boolean, times: ZoneTimes): void {
    const { clock, connection } = this.page;
    this.isLost = false;
    this.isStale = isStale;
    this.heardAt = at;
    if (!isStale) clock.heard(at);
    connection.store(isStale ? this.text(times) : undefined);
  }

  connected(state: Connection): void {
    this.page.connection.connected(state);
    this.isLost = state === 'lost';
  }

  /** Undefined: it is of now. */
  text(times: ZoneTimes): string | undefined {
    if (this.heardAt === undefined || !(this.isLost || this.isStale)) return undefined;
    const who = this.isLost ? 'service' : 'store';
    return `The ${who} does not answer: the figures are of ${times.time(this.heardAt)}.`;
  }
}
