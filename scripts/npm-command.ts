import { Command, InvalidArgumentError } from 'commander';

/** What was typed is wrong: said in one line, without a stack, with exit code 2. */
export class UsageError extends Error {}

/**
 * A command of package.json, to which options are added: `--help` says what there is, a misspelt option is answered with the one
 * that was meant, and whatever is wrong with one line and exit code 2.
 */
export function npmCommand(name: string, description: string): Command {
  return new Command(`npm run ${name} --`)
    .description(description)
    .usage('[options]')
    .helpOption('--help', 'this text')
    .configureHelp({ helpWidth: 100 })
    .configureOutput({ outputError: (text, write) => write(oneLine(text)) })
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));
}

/** What the command line says; ends the process where that is wrong, or where only the help was asked for. */
export function optionsOf<T extends object>(command: Command, args: readonly string[]): T {
  return command.parse([...args], { from: 'user' }).opts<T>();
}

export interface SeedOptions {
  readonly seeds: number;
  readonly from: number;
  readonly brief: boolean;
}

/** Of a command that makes a run for each of some seeds. `brief`: what it says less of. */
export function seedOptions(name: string, description: string, brief: string): SeedOptions {
  const command = npmCommand(name, `${description} Stops at the first seed that fails.`)
    .option('--seeds <count>', 'how many seeds', wholeNumber(1), 1_000)
    .option('--from <seed>', 'the first of them', wholeNumber(0), 1)
    .option('--brief', brief, false);
  return optionsOf(command, typed());
}

/** Ends the process: 2 and one line for a wrong use, 1 and what happened for anything else. */
export function endWith(error: unknown): never {
  const wrongUse = error instanceof UsageError;
  console.error(wrongUse ? error.message : error);
  process.exit(wrongUse ? 2 : 1);
}

function oneLine(text: string): string {
  return `${text.trim().replaceAll(/\s*\n\s*/g, ' ')}; --help says what there is\n`;
}

/** For an option that takes a whole number. */
export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= least && value <= most && text.trim() !== '') return value;
    const range = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`;
    throw new InvalidArgumentError(`It takes a whole number ${range}.`);
  };
}

/** For an option that takes a number above 0, or above 0 and no more than `most`. */
export function positiveNumber(most = Number.MAX_VALUE): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (value > 0 && value <= most) return value;
    throw new InvalidArgumentError(
      `It takes a number above 0${most < Number.MAX_VALUE ? `, up to ${most}` : ''}.`,
    );
  };
}

/** The rest of npm's `--`. */
export const typed = (): string[] => process.argv.slice(2);
