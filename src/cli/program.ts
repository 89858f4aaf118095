import { Command } from 'commander';
import { addAccessCommands } from './commands/access-commands.js';
import { addLookCommands } from './commands/look-commands.js';
import { addStoreCommands } from './commands/store-commands.js';
import type { Run } from './output.js';

const NO_RUN: Run = { environment: {}, output: { out: () => {}, err: () => {} }, finish: () => {} };

/** Every command but `serve`, which has no arguments. What a command does is loaded when it is run. */
export function programFor(run: Run): Command {
  const program = new Command('budget-arbiter').exitOverride().configureOutput({
    writeOut: run.output.out,
    writeErr: run.output.err,
    outputError: (text, write) => write(oneLine(text)),
  });
  addLookCommands(program, run);
  addStoreCommands(program, run);
  addAccessCommands(program, run);
  return program;
}

export function commandNames(): string[] {
  return programFor(NO_RUN).commands.map((command) => command.name());
}

/** A line for each command, for `--help`. */
export function commandLines(): string[] {
  return programFor(NO_RUN).commands.map(
    (command) => `  ${command.name().padEnd(24)}${command.description()}`,
  );
}

function oneLine(text: string): string {
  const line = text
    .replace(/^error: /, '')
    .replace(/\s*\n\s*/g, ' ')
    .trim();
  return `${line}; --help says what there is\n`;
}
