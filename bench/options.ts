import { npmCommand, optionsOf, positiveNumber, wholeNumber } from '../scripts/npm-command.js';

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
  readonly firstWarmUpSeconds: number;
  readonly rounds: number;
  readonly soakMinutes: number;
  readonly out: string;
  /** Also put the tables into docs/performance.md. */
  readonly docs: boolean;
}

export function readOptions(args: readonly string[]): Options {
  const command = npmCommand(
    'bench',
    'Measures the service, its limits and its peers side by side. Prints tables; writes bench.json, bench.md and bench.svg. ' +
      'MONGODB_URI names the MongoDB to measure on; without it its rows are left out, and the table says so.',
  )
    .option(
      '--only <names>',
      'rows and parts whose names begin so, with commas between: --only embedded,growth-memory. Parts are rates (all rows), ' +
        'growth and soak. The limits of a row run along',
      (text) => text.split(',').filter((name) => name !== ''),
      [],
    )
    .option('--list', 'print the names', false)
    .option(
      '--short',
      'a few rows for a few seconds, compared with the ratios in bench/recorded.json; fails when one is below two thirds of the ' +
        'recorded one twice in a row',
      false,
    )
    .option('--keep-ratios', 'with --short: write bench/recorded.json', false)
    .option(
      '--record <file>',
      'append every request for a slot as it was asked, denied ones too, to the file, for budget-arbiter replay; those of the ' +
        'services on MongoDB to FILE.mongo and FILE.pair-1 and -2. It makes the service slower',
    )
    .option(
      '--seconds <count>',
      'how long each row is measured in each round (default: 2.5, with --short 1.5)',
      positiveNumber(),
    )
    .option('--warm-up <seconds>', 'and warmed up before', positiveNumber(), 0.7)
    .option(
      '--first-warm-up <seconds>',
      'how long each row is driven with most callers before the first round, so that its code is compiled (default: 8, with --short 3)',
      positiveNumber(),
    )
    .option('--rounds <count>', 'rounds, of which the median counts', wholeNumber(1), 3)
    .option('--soak-minutes <count>', 'of the part soak', positiveNumber(), 10)
    .option('--out <folder>', 'where the files go', 'bench/results')
    .option('--docs', 'put tables and chart into docs/performance.md and docs/performance.svg too', false);
  const { warmUp, firstWarmUp, seconds, record, ...others } = optionsOf<Typed>(command, args);
  return {
    ...others,
    record,
    warmUpSeconds: warmUp,
    firstWarmUpSeconds: firstWarmUp ?? (others.short ? 3 : 8),
    seconds: seconds ?? (others.short ? 1.5 : 2.5),
  };
}

interface Typed extends Omit<Options, 'warmUpSeconds' | 'firstWarmUpSeconds' | 'seconds'> {
  readonly warmUp: number;
  readonly firstWarmUp?: number;
  readonly seconds?: number;
}
