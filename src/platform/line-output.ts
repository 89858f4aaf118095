import { write, writeSync } from 'node:fs';

/** Beyond this much waiting output lines are dropped: a reader that hangs must not fill the memory. */
const MAX_WAITING_CHARACTERS = 16 * 1024 * 1024;
/** Lines that come within this time are written together: under load that is a thread's turn for every few commits, not for each. */
const GATHER_MS = 50;
const GATHER_CHARACTERS = 64 * 1024;
const FULL_PIPE_PAUSE_MS = 10;
const FLUSH_PAUSES = 50;

/** Where lines go: a pipe, a file or a terminal. */
export interface LineOutput {
  write(line: string): void;
  /** Writes what waits before the process exits; gives up on a reader that takes nothing for half a second. */
  flush(): void;
}

/**
 * Writes lines in the background, all that came within a moment in one go. Never blocks and never fails: a reader that is gone gets
 * nothing more. pino's own destination waits for ever in its last flush when the reader of a pipe is gone.
 */
export function lineOutput(fd: number): LineOutput {
  return new BackgroundOutput(fd);
}

class BackgroundOutput implements LineOutput {
  readonly #fd: number;
  #waiting: string[] = [];
  #waitingCharacters = 0;
  #writing = false;
  #gather: NodeJS.Timeout | undefined;
  #gone = false;

  constructor(fd: number) {
    this.#fd = fd;
  }

  write(line: string): void {
    if (this.#gone || this.#waitingCharacters + line.length > MAX_WAITING_CHARACTERS) return;
    this.#waiting.push(line);
    this.#waitingCharacters += line.length;
    if (!this.#writing) this.#writeSoon();
  }

  flush(): void {
    let bytes = this.#take();
    for (let pauses = 0; bytes.length > 0 && !this.#gone && pauses < FLUSH_PAUSES; ) {
      try {
        bytes = bytes.subarray(writeSync(this.#fd, bytes));
      } catch (error) {
        this.#gone = !isFull(error);
        pauses += 1;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_PIPE_PAUSE_MS);
      }
    }
  }

  #take(): Buffer {
    const text = this.#waiting.join('');
    this.#waiting = [];
    this.#waitingCharacters = 0;
    return Buffer.from(text);
  }

  #writeSoon(): void {
    if (this.#waitingCharacters > GATHER_CHARACTERS) this.#writeWaiting();
    else this.#gather ??= setTimeout(() => this.#writeWaiting(), GATHER_MS);
  }

  #writeWaiting(): void {
    clearTimeout(this.#gather);
    this.#gather = undefined;
    // What waited may have been flushed meanwhile.
    this.#writing = this.#waiting.length > 0;
    if (this.#writing) this.#writeBytes(this.#take());
  }

  #writeBytes(bytes: Buffer): void {
    write(this.#fd, bytes, (error, written) => {
      if (error !== null && !isFull(error)) {
        this.#gone = true;
        this.#take();
        return;
      }
      const rest = bytes.subarray(error === null ? written : 0);
      if (error !== null) setTimeout(() => this.#writeBytes(rest), FULL_PIPE_PAUSE_MS);
      else if (rest.length > 0) this.#writeBytes(rest);
      else {
        this.#writing = false;
        if (this.#waiting.length > 0) this.#writeSoon();
      }
    });
  }
}

function isFull(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EAGAIN';
}
