import { readFile } from 'node:fs/promises';
import type { Scheduler } from './scheduler.js';

export interface FileWatchOptions {
  readonly files: readonly string[];
  readonly scheduler: Scheduler;
  readonly everyMs?: number;
  /** The contents of all files, in their order, whenever one of them has changed since `initial` or the last call. */
  readonly onChange: (contents: readonly Buffer[]) => void;
  /** A file cannot be read; told once until it can. */
  readonly onFailure: (error: Error) => void;
}

const EVERY_MS = 5_000;

/**
 * Reads small files again and again and compares. Events of the file system would miss the ways in which orchestrators replace
 * mounted secrets. Returns what ends the watch.
 */
export function watchFiles(options: FileWatchOptions, initial: readonly Buffer[]): () => void {
  const { files, scheduler, everyMs = EVERY_MS, onChange, onFailure } = options;
  let known = initial;
  let failing = false;
  let stopped = false;
  let cancel = scheduler.after(everyMs, look);

  function look(): void {
    void read().finally(() => {
      if (!stopped) cancel = scheduler.after(everyMs, look);
    });
  }

  async function read(): Promise<void> {
    try {
      const contents = await Promise.all(files.map((file) => readFile(file)));
      failing = false;
      if (stopped || contents.every((content, index) => known[index]?.equals(content))) return;
      known = contents;
      onChange(contents);
    } catch (error) {
      if (!failing && !stopped) onFailure(error as Error);
      failing = true;
    }
  }

  return () => {
    stopped = true;
    cancel();
  };
}
