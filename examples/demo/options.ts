import { parseArgs } from 'node:util';

export const HELP = `Four AIs share one budget and replay a recorded trace of real LLM requests.

  npm run demo -- [options]

  --seconds S  how long the trace takes, 5 to 300 (default 35); below 12
               only the beginning of it is replayed
  --speed N    the same as a factor: 4 replays four seconds of the trace in one
  --teams      a guardian with 40 percent guaranteed among greedy AIs, and the same
               without beside it
  --plain      a line per event instead of the live view (the default where the output is no terminal)
  --keep       keep the data folder of the service, and say where it is
  --record F   write every request as it was asked, denied ones too, into this file: the
               command replay of the service reads it
  --help       this text
`;

const DEFAULT_SECONDS = 35;

export interface Options {
  readonly seconds: number;
  readonly teams: boolean;
  readonly plain: boolean;
  readonly keep: boolean;
  readonly help: boolean;
  readonly record: string | undefined;
}

/** A mistake of whoever typed the command: told in one line, without a stack. */
export class UsageError extends Error {}

/** `traceSeconds`: how long the trace took when it was recorded, which is what `--speed` divides. */
export function readOptions(args: string[], traceSeconds: number): Options {
  const { teams, plain, keep, help, seconds, speed, record } = parse(args);
  if (teams && record !== undefined) throw new UsageError('give --teams or --record, not both');
  if (seconds !== undefined && speed !== undefined)
    throw new UsageError('give --seconds or --speed, not both');
  const wanted =
    speed === undefined ? Number(seconds ?? DEFAULT_SECONDS) : traceSeconds / positive('--speed', speed);
  if (!(wanted >= 5 && wanted <= 300)) {
    const range = `--speed from ${rounded(traceSeconds / 300)} to ${rounded(traceSeconds / 5)}`;
    throw new UsageError(`the replay must take 5 to 300 seconds: --seconds from 5 to 300, or ${range}`);
  }
  return { seconds: wanted, teams, plain, keep, help, record };
}

function parse(args: string[]) {
  const flag = { type: 'boolean', default: false } as const;
  const text = { type: 'string' } as const;
  try {
    const options = {
      seconds: text,
      speed: text,
      teams: flag,
      plain: flag,
      keep: flag,
      help: flag,
      record: text,
    };
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new UsageError(`${option} takes a number above 0, such as ${option} 4`);
}

function rounded(value: number): number {
  return Math.ceil(value * 10) / 10;
}
