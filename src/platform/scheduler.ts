/** When things run. Passed in, so that a simulation can run a month in a second. */
export interface Scheduler {
  /** Runs `task` once after `delayMs`; the returned function calls it off. */
  after(delayMs: number, task: () => void): () => void;
  /** Runs `task` after what is under way now, input and output included. */
  soon(task: () => void): void;
  /** 0 to below 1, for jitter. */
  random(): number;
}

export const PROCESS_SCHEDULER: Scheduler = {
  after(delayMs, task) {
    // It keeps the process alive: while the start waits for its store, or the stop for what is under way, nothing else does.
    const timer = setTimeout(task, Math.min(delayMs, 0x7fff_ffff));
    return () => clearTimeout(timer);
  },
  soon: (task) => void setImmediate(task),
  random: Math.random,
};

/** Resolves after `delayMs`. */
export function pause(scheduler: Scheduler, delayMs: number): Promise<void> {
  return new Promise((resolve) => void scheduler.after(delayMs, resolve));
}
