import { parseArgs } from 'node:util';

export const PARTS = ['rates', 'growth', 'soak'] as const;
export type Part = (typeof PARTS)[number];

export interface Options {
  /** Parts or rows; empty: everything. */
  readonly only: readonly string[];
  readonly short: boolean;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly rounds: number;
  readonly soakMinutes: number;
  readonly out: string;
}

const HELP = `usage: npm run bench -- [options]

Measures the service, its limits and its peers side by side. Prints tables; writes bench.json, bench.md and bench.svg.

  --only NAMES      Parts (${PARTS.join(', ')}) or rows by their first letters, with commas between: --only embedded,echo.
                    The limits that a row is compared with run along.
  --short           A few rows for a few seconds, compared with the ratios in bench/recorded.json; fails when one is
                    below two thirds of the recorded one twice in a row.
  --seconds N       How long each row is measured in each round. Default: 3.
  --warm-up N       And warmed up before. Default: 1.
  --rounds N        Rounds, of which the median counts. Default: 3.
  --soak-minutes N  Default: 10.
  --out FOLDER      Where the files go. Default: bench/results.
  --list            Print the names of the rows.

MONGODB_URI names the MongoDB to measure on; without it its rows are left out, and the table says so.
`;

export class UsageError extends Error {}

/** Undefined: only the help was asked for, and printed. */
export function readOptions(args: readonly string[]): (Options & { list: boolean }) | undefined {
  const { values } = parse(args);
  if (values.help) {
    process.stdout.write(HELP);
    return undefined;
  }
  return {
    only: (values.only ?? '').split(',').filter((name) => name !== ''),
    short: values.short,
    list: values.list,
    seconds: positive('seconds', values.seconds ?? (values.short ? '2' : '3')),
    warmUpSeconds: positive('warm-up', values['warm-up']),
    rounds: Math.ceil(positive('rounds', values.rounds)),
    soakMinutes: positive('soak-minutes', values['soak-minutes']),
    out: values.out,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        only: { type: 'string' },
        short: { type: 'boolean', default: false },
        seconds: { type: 'string' },
        'warm-up': { type: 'string', default: '1' },
        rounds: { type: 'string', default: '3' },
        'soak-minutes': { type: 'string', default: '10' },
        out: { type: 'string', default: 'bench/results' },
        list: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${HELP}`);
  }
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new UsageError(`--${name} takes a number above 0, not ${JSON.stringify(text)}`);
}
