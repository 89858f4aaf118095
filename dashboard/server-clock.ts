/** The service's time, carried on by the browser's own clock: that may be set wrong, and countdowns must not. */
export class ServerClock {
  private offset: number | undefined;

  heard(at: number): void {
    this.offset = at - performance.now();
  }

  now(): number {
    return this.offset === undefined ? Date.now() : this.offset + performance.now();
  }
}
