import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { DATA_FILE } from '../../src/store/lmdb/open-lmdb-store.js';
import { UsageError } from '../npm-command.js';

export const HELP = `Fills a new data folder with four months of four budgets and 75 AIs, to look at.

  npm run sample-data -- --data-dir DIR [options]
  DATA_DIR=DIR npm start

  --data-dir DIR  the folder to fill; there must be no data in it yet
  --until TIME    when the history ends, such as 2026-11-28T15:20:00Z (default: now)
  --seed N        other numbers of the same kind, from 0 (default 16)
  --help          this text

anthropic  shared by teams; its hour is full: who asks now is refused; one slot is stuck
openai     in dollars; its month is nearly spent
mistral    only observed, and uneven
gemini     paused; its first month came in by AdjustUsage, which knows no hours
`;

const DEFAULT_SEED = 16;

export interface Options {
  readonly dataDir: string;
  readonly until: number;
  readonly seed: number;
}

/** `help` where that alone is asked for. */
export function readOptions(args: string[], now: number): Options | 'help' {
  const { help, until: untilText, seed: seedText, 'data-dir': folder } = parse(args);
  if (help) return 'help';
  if (folder === undefined) throw new UsageError('name the folder to fill with --data-dir');
  const dataDir = resolve(folder);
  if (existsSync(join(dataDir, DATA_FILE)))
    throw new UsageError(`there is data in ${dataDir} already: name a new folder`);
  const until = untilText === undefined ? now : Date.parse(untilText);
  if (!(until >= 0)) throw new UsageError('--until takes a moment such as 2026-11-28T15:20:00Z');
  const seed = Number(seedText ?? DEFAULT_SEED);
  if (!Number.isSafeInteger(seed) || seed < 0) throw new UsageError('--seed takes a whole number from 0');
  return { dataDir, until, seed };
}

function parse(args: string[]) {
  const text = { type: 'string' } as const;
  try {
    const options = {
      'data-dir': text,
      until: text,
      seed: text,
      help: { type: 'boolean', default: false },
    } as const;
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message}; --help says what there is`);
  }
}
