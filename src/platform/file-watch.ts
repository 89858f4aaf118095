import { readFile } from 'node:fs/promises';
import { pause, type Scheduler } from './scheduler.js';

export interface FileWatchOptions {
  /** Asked before every look: what one file says may name another. */
  readonly files: () => readonly string[];
  readonly scheduler: Scheduler;
  readonly everyMs?: number;
  /** A change is taken only if it stays the same for so long: of what is being written, half would be believed. */
  readonly settleMs?: number;
  /**
   * The contents of all files, in their order, whenever one of them has changed since `initial` or the last call. False: ask again
   * at the next look, whether they change or not.
   */
  readonly onChange: (contents: readonly Buffer[]) => boolean;
  /** Whatever is read after a failure counts as changed. */
  readonly againAfterFailure?: boolean;
  /** A file cannot be read; told once until it can. */
  readonly onFailure: (error: Error) => void;
}

export interface FileWatch {
  /** Looks at once, and believes what is there. */
  look(): Promise<void>;
  stop(): void;
}

const EVERY_MS = 5_000;

/**
 * Reads small files again and again and compares. Events of the file system would miss the ways in which orchestrators replace
 * mounted files, and editors theirs.
 */
export function watchFiles(options: FileWatchOptions, initial: readonly Buffer[]): FileWatch {
  const { files, scheduler, everyMs = EVERY_MS, settleMs, onChange, onFailure, againAfterFailure } = options;
  let known = initial;
  let failing = false;
  let stopped = false;
  let cancel = scheduler.after(everyMs, next);

  function next(): void {
    void look(settleMs).finally(() => {
      if (!stopped) cancel = scheduler.after(everyMs, next);
    });
  }

  const contents = (): Promise<Buffer[]> => Promise.all(files().map((file) => readFile(file)));

  async function look(waitMs: number | undefined): Promise<void> {
    try {
      const found = await contents();
      failing = false;
      if (stopped || areSame(known, found)) return;
      if (waitMs !== undefined) {
        await pause(scheduler, waitMs);
        if (stopped || !areSame(await contents(), found)) return;
      }
      // What was not taken may be put back to what was known before: that is a change, too.
      known = onChange(found) ? found : [];
    } catch (error) {
      if (!failing && !stopped) onFailure(error as Error);
      failing = true;
      if (againAfterFailure) known = [];
    }
  }

  return {
    look: () => look(undefined),
    stop() {
      stopped = true;
      cancel();
    },
  };
}

function areSame(some: readonly Buffer[], others: readonly Buffer[]): boolean {
  return some.length === others.length && some.every((one, index) => others[index]?.equals(one));
}
