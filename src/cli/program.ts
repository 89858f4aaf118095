import { Command } from 'commander';
import { SETTING_KEYS, SETTINGS } from '../config/settings.js';
import { version } from '../platform/version.js';
import { addAccessCommands } from './commands/access-commands.js';
import { addLookCommands } from './commands/look-commands.js';
import { addStoreCommands } from './commands/store-commands.js';
import type { Run } from './output.js';

/** Asks for nothing but to serve: what commander calls when no command is named. */
export type Serve = () => void;

/** Every command. What one does is loaded when it is run. */
export function programFor(run: Run, serve: Serve): Command {
  const program = new Command('budget-arbiter')
    .description(
      'Shares one monthly allowance of LLM tokens between many AIs, over gRPC. Without a command it serves.',
    )
    .version(version(), '-v, --version', 'print the version')
    .helpOption('-h, --help', 'print this')
    .exitOverride()
    .configureOutput({
      writeOut: run.output.out,
      writeErr: run.output.err,
      outputError: (text, write) => write(oneLine(text)),
    });
  serving(program.command('serve').description('Serve; the same as without a command.'), run, serve);
  addLookCommands(program, run);
  addStoreCommands(program, run);
  addAccessCommands(program, run);
  // Last: commands inherit that words too many are told by the action.
  serving(program, run, serve);
  return program.addHelpText('after', settingsText);
}

function serving(command: Command, run: Run, serve: Serve): void {
  command
    .option('--check-config', 'check the configuration, print what is in force, and exit')
    .allowExcessArguments()
    .action(async (options: { checkConfig?: true }) => {
      const [first] = command.args;
      if (first !== undefined) command.error(`${JSON.stringify(first)} is no command`);
      // Of `serve --check-config` the program takes the option, since it has one of this name.
      if (options.checkConfig ?? command.parent?.opts()['checkConfig']) {
        const { checkConfig } = await import('./check-config.js');
        checkConfig(run);
      } else serve();
    });
}

/** Every variable with its default. */
function settingsText(): string {
  const lines = SETTING_KEYS.flatMap((key) => {
    const { variable, help, fallback }: { variable: string; help: readonly string[]; fallback?: string } =
      SETTINGS[key];
    const [first = '', ...rest] = [...help, `Default: ${fallback ?? 'none'}.`];
    return [`  ${variable.padEnd(23)} ${first}`, ...rest.map((line) => ' '.repeat(26) + line)];
  });
  return [
    '',
    'Each command explains itself with --help. The service is configured by environment variables; an empty one counts as not set:',
    '',
    ...lines,
    '',
    'Exit codes: 0 stopped in order, 1 could not start or go on, 2 wrong arguments or configuration.',
  ].join('\n');
}

function oneLine(text: string): string {
  const line = text
    .replace(/^error: /, '')
    .replace(/\s*\n\s*/g, ' ')
    .trim();
  return `${line}; --help says what there is\n`;
}
