import type { Scheduler } from '../../src/platform/scheduler.js';

/** For what looks again and again: it looks when the test says so. */
export class Looking implements Scheduler {
  private next: (() => void) | undefined;
  private woken: (() => void) | undefined;

  after(_delayMs: number, task: () => void): () => void {
    this.next = task;
    this.woken?.();
    return () => {
      this.next = undefined;
    };
  }

  /** Resolves when the look is over and the next is planned. */
  look(): Promise<void> {
    return new Promise((resolve) => {
      this.woken = resolve;
      this.next?.();
    });
  }

  soon(task: () => void): void {
    setImmediate(task);
  }

  random(): number {
    return 0;
  }
}
