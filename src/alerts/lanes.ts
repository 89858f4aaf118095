/** To one sink so many tries at once: one that hangs must hold up neither the others nor the process. */
const PER_SINK = 2;

/** Tasks that wait for their turn, by sink. */
export class Lanes {
  private readonly running = new Map<string, number>();
  private readonly waiting = new Map<string, (() => Promise<void>)[]>();

  add(sink: string, task: () => Promise<void>): void {
    const queue = this.waiting.get(sink) ?? [];
    queue.push(task);
    this.waiting.set(sink, queue);
    this.next(sink);
  }

  clear(): void {
    this.waiting.clear();
  }

  get busy(): boolean {
    return this.running.size > 0;
  }

  private next(sink: string): void {
    const running = this.running.get(sink) ?? 0;
    if (running >= PER_SINK) return;
    const task = this.waiting.get(sink)?.shift();
    if (task === undefined) {
      this.waiting.delete(sink);
      return;
    }
    this.running.set(sink, running + 1);
    void task().finally(() => {
      const left = (this.running.get(sink) ?? 1) - 1;
      if (left === 0) this.running.delete(sink);
      else this.running.set(sink, left);
      this.next(sink);
    });
  }
}
