import { write, writeSync } from 'node:fs';
import { type DestinationStream, type Logger, pino } from 'pino';
import { PROCESS_TIME } from './clock.js';
import type { Log, LogFields } from './log.js';
import { redactSecrets } from './redact.js';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LogOptions {
  readonly level: LogLevel;
  /** A person reads along: lines in colour, instead of JSON. Default: whether stdout is a terminal. */
  readonly terminal?: boolean;
  /** Default: stdout. */
  readonly destination?: DestinationStream;
  /** What every line says beside its own fields, by where it is written: the trace that it belongs to. */
  readonly context?: () => LogFields | undefined;
}

export interface OpenLog extends Log {
  /** Writes out what waits, before the process exits. */
  flush(): void;
}

type Output = DestinationStream & { flush?(): void };

const STDOUT = 1;

export async function openLog(options: LogOptions): Promise<OpenLog> {
  const output = await openOutput(options);
  const logger = pino(
    {
      level: options.level,
      // Neither process id nor host name: whoever collects the lines adds them.
      base: null,
      timestamp: timeField(),
      formatters: { level: (label) => ({ level: label }) },
      // Errors are described below already; pino's own description would add stacks.
      serializers: { err: (described: unknown) => described },
      hooks: { streamWrite: redactSecrets },
      ...mixinOf(options.context),
    },
    output,
  );
  return {
    debug: writer(logger, 'debug'),
    info: writer(logger, 'info'),
    warn: writer(logger, 'warn'),
    error: writer(logger, 'error'),
    flush: () => output.flush?.(),
  };
}

/** Made once a millisecond: the lines of one batch come in a handful of them, and making the text costs as much as the rest. */
function timeField(): () => string {
  let madeAt: number | undefined;
  let field = '';
  return () => {
    const now = PROCESS_TIME.wall();
    if (now !== madeAt) {
      madeAt = now;
      field = `,"time":"${new Date(now).toISOString()}"`;
    }
    return field;
  };
}

function mixinOf(context: LogOptions['context']) {
  return context === undefined ? {} : { mixin: () => ({ ...context() }) };
}

async function openOutput(options: LogOptions): Promise<Output> {
  if (options.destination !== undefined) return options.destination;
  if (options.terminal ?? process.stdout.isTTY === true) {
    const { default: pretty } = await import('pino-pretty');
    return pretty({ colorize: true, translateTime: 'SYS:HH:MM:ss.l', destination: STDOUT, sync: true });
  }
  const output = lineOutput(STDOUT);
  process.once('exit', () => output.flush());
  return output;
}

function writer(logger: Logger, level: LogLevel): (fields: LogFields, message: string) => void {
  // Stacks stand in error lines only: those are faults of this service. What a caller or the network did wrong is
  // logged below that level, and there a stack says nothing.
  const withStack = level === 'error';
  return (fields, message) => {
    if (logger.isLevelEnabled(level)) logger[level](describeErrors(fields, withStack), message);
  };
}

function describeErrors(fields: LogFields, withStack: boolean): LogFields {
  if (!hasError(fields)) return fields;
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [
      key,
      value instanceof Error ? describeError(value, withStack) : value,
    ]),
  );
}

/** Without a list of the values: almost no line has one. */
function hasError(fields: LogFields): boolean {
  for (const key in fields) if (fields[key] instanceof Error) return true;
  return false;
}

interface DescribedError {
  readonly type: string;
  readonly message: string;
  readonly code?: unknown;
  readonly stack?: string;
  readonly cause?: DescribedError | string;
}

function describeError(error: Error, withStack: boolean, depth = 0): DescribedError {
  const { cause } = error;
  return {
    type: error.name,
    message: error.message,
    ...('code' in error ? { code: error.code } : {}),
    ...(withStack && error.stack !== undefined ? { stack: error.stack } : {}),
    ...(cause === undefined || depth >= 5
      ? {}
      : { cause: cause instanceof Error ? describeError(cause, withStack, depth + 1) : String(cause) }),
  };
}

/** Beyond this much waiting output lines are dropped: a reader that hangs must not fill the memory. */
const MAX_WAITING_CHARACTERS = 16 * 1024 * 1024;
/** Lines that come within this time are written together: under load that is a thread's turn for every few commits, not for each. */
const GATHER_MS = 50;
const GATHER_CHARACTERS = 64 * 1024;
const FULL_PIPE_PAUSE_MS = 10;
const FLUSH_PAUSES = 50;

/** Where lines go: a pipe, a file or a terminal. */
interface LineOutput {
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
