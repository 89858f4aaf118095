import type { Scheduler } from '../../src/platform/scheduler.js';

/** Something that a test lets happen when it wants it to. */
export class Gate {
  readonly opened: Promise<void>;
  #open: () => void = () => {};

  constructor() {
    this.opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  open(): void {
    this.#open();
  }
}

/** Opens by itself when so much time has passed. */
export function gateAfter(scheduler: Scheduler, ms: number): Gate {
  const gate = new Gate();
  scheduler.after(ms, () => gate.open());
  return gate;
}
