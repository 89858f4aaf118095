import type { ServerResponse } from 'node:http';
import type { Log } from '../../platform/log.js';

/** A browser that takes nothing for so long gets no more until it has caught up: each message holds all that is needed. */
const MOST_BEHIND = 256 * 1024;

/** Server-sent events to one page. */
export class EventStream {
  private gone = false;
  private readonly goneListeners: (() => void)[] = [];

  constructor(
    private readonly response: ServerResponse,
    private readonly log: Log,
  ) {
    response.once('close', () => this.leave());
    response.flushHeaders();
  }

  /** False: the page is behind or gone, and was not told. */
  send(event: string, data: object): boolean {
    if (this.gone || this.response.writableLength > MOST_BEHIND) return false;
    this.response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    return true;
  }

  get isGone(): boolean {
    return this.gone;
  }

  onGone(listener: () => void): void {
    if (this.gone) listener();
    else this.goneListeners.push(listener);
  }

  /** A fault of ours: the page opens the stream again. */
  fail(error: unknown): void {
    this.log.error({ err: error }, 'telling a page of the dashboard went wrong');
    this.end();
  }

  end(): void {
    this.leave();
    this.response.end();
  }

  private leave(): void {
    this.gone = true;
    for (const listener of this.goneListeners.splice(0)) listener();
  }
}
