import type { Caller } from '../../src/arbiter/service-port.js';

/** A caller whose going a test decides. */
export class TestCaller implements Caller {
  gone = false;
  private readonly listeners: (() => void)[] = [];

  onGone(listener: () => void): void {
    this.listeners.push(listener);
  }

  leave(): void {
    if (this.gone) return;
    this.gone = true;
    for (const listener of this.listeners.splice(0)) listener();
  }
}

export function caller(): TestCaller {
  return new TestCaller();
}
