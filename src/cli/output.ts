import type { Environment } from '../config/environment.js';

/** Where a command prints; what it is asked for goes to `out`, the rest to `err`. */
export interface Output {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Before the first print. */
  readonly start?: () => void;
  /** A person looks on: colours, and a picture that is drawn in place. Width and height in characters. */
  readonly screen?: (() => { readonly columns: number; readonly rows: number }) | undefined;
}

/** What a command is run with. */
export interface Run {
  readonly environment: Environment;
  readonly output: Output;
  /** The exit code, where it is not 0. */
  readonly finish: (exitCode: number) => void;
}

export const PROCESS_OUTPUT: Output = {
  // Who reads no further, as head, ends the command.
  start: () => void process.stdout.once('error', () => process.exit(1)),
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  ...(process.stdout.isTTY === true && {
    screen: () => ({ columns: process.stdout.columns, rows: process.stdout.rows }),
  }),
};
