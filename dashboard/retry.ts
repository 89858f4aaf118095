import { ApiError } from './api.js';

const PAUSE_MS = 3_000;

/** Tries again by itself what failed since the service or its store was away: a page that was left open mends itself. */
export class Retry {
  private timer: number | undefined;

  constructor(private readonly again: () => void) {}

  failed(error: unknown): void {
    if (!(error instanceof ApiError) || ![0, 503].includes(error.status)) return;
    this.timer ??= window.setTimeout(() => {
      this.timer = undefined;
      this.again();
    }, PAUSE_MS);
  }

  stop(): void {
    window.clearTimeout(this.timer);
  }
}
