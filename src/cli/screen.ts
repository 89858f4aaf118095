import type { Scheduler } from '../platform/scheduler.js';
import type { Output } from './output.js';

const ENTER = '\u001b[?1049h\u001b[?25l\u001b[2J';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const REST_OF_LINE = '\u001b[K';
const REST_OF_SCREEN = '\u001b[J';
const FRAME_MS = 250;

/** Draws a picture in place, on the terminal's second screen: what stood there before comes back. */
export class Screen {
  private cancel: (() => void) | undefined;

  constructor(
    private readonly output: Output,
    private readonly scheduler: Scheduler,
    private readonly size: NonNullable<Output['screen']>,
    private readonly picture: () => readonly string[],
  ) {}

  start(): void {
    this.output.out(ENTER);
    this.plan();
  }

  /** Gives the terminal back, with the last picture on it. */
  stop(): void {
    this.cancel?.();
    this.output.out(`${LEAVE}${this.picture().join('\n')}\n`);
  }

  private plan(): void {
    this.cancel = this.scheduler.after(FRAME_MS, () => {
      // One write for a picture: a terminal that draws between two would flicker.
      const lines = this.picture()
        .slice(0, this.size().rows)
        .map((line) => line + REST_OF_LINE);
      this.output.out(`${HOME}${lines.join('\r\n')}${REST_OF_SCREEN}`);
      this.plan();
    });
  }
}
