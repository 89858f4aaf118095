import { parseArgs } from 'node:util';

export interface Options {
  /** How the names of rows and parts begin; empty: everything. */
  readonly only: readonly string[];
  readonly short: boolean;
  /** Of the short form: keep the ratios in place of comparing with them. */
  readonly keepRatios: boolean;
  /** Where the services append what they are asked. */
  readonly record: string | undefined;
  /** Only print the names. */
  readonly list: boolean;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly rounds: number;
  readonly soakMinutes: number;
  readonly out: string;
  /** Also put the tables into docs/performance.md. */
  readonly docs: boolean;
}

const HELP = `usage: npm run bench -- [options]

Measures the service, its limits and its peers side by side. Prints tables; writes bench.json, bench.md and bench.svg.

  --only NAMES      Rows and parts whose names begin so, with commas between: --only embedded,growth-memory. Parts are
                    rates (all rows), growth and soak. The limits of a row run along.
  --list            Print the names.
  --short           A few rows for a few seconds, compared with the ratios in bench/recorded.json; fails when one is
                    below two thirds of the recorded one twice in a row.
  --keep-ratios     With --short: write bench/recorded.json.
  --record FILE     Append every request for a slot as it was asked, denied ones too, to FILE, for budget-arbiter replay;
                    those of the services on MongoDB to FILE.mongo and FILE.pair-1 and -2. It makes the service slower.
  --seconds N       How long each row is measured in each round. Default: 2.5.
  --warm-up N       And warmed up before. Default: 0.7.
  --rounds N        Rounds, of which the median counts. Default: 3.
  --soak-minutes N  Default: 10.
  --out FOLDER      Where the files go. Default: bench/results.
  --docs            Put tables and chart into docs/performance.md and docs/performance.svg too.

MONGODB_URI names the MongoDB to measure on; without it its rows are left out, and the table says so.
`;

export class UsageError extends Error {}

/** Undefined: only the help was asked for, and printed. */
export function readOptions(args: readonly string[]): Options | undefined {
  const { values } = parse(args);
  if (values.help) {
    process.stdout.write(HELP);
    return undefined;
  }
  return {
    only: (values.only ?? '').split(',').filter((name) => name !== ''),
    short: values.short,
    keepRatios: values['keep-ratios'],
    record: values.record,
    list: values.list,
    seconds: positive('seconds', values.seconds ?? (values.short ? '1.5' : '2.5')),
    warmUpSeconds: positive('warm-up', values['warm-up']),
    rounds: Math.ceil(positive('rounds', values.rounds)),
    soakMinutes: positive('soak-minutes', values['soak-minutes']),
    out: values.out,
    docs: values.docs,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        only: { type: 'string' },
        short: { type: 'boolean', default: false },
        'keep-ratios': { type: 'boolean', default: false },
        record: { type: 'string' },
        seconds: { type: 'string' },
        'warm-up': { type: 'string', default: '0.7' },
        rounds: { type: 'string', default: '3' },
        'soak-minutes': { type: 'string', default: '10' },
        out: { type: 'string', default: 'bench/results' },
        docs: { type: 'boolean', default: false },
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
