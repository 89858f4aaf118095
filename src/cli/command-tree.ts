import type { Command, Option } from 'commander';

/** The commands as commander knows them: examples, suggestions and completion are made from this. */
export interface CommandNode {
  /** Its words after the program's, such as `policy set`. */
  readonly path: string;
  readonly command: Command;
}

/** Every command under a program, those within others too, in the order of the help. */
export function commandsUnder(command: Command, path = ''): CommandNode[] {
  return command.commands.flatMap((child) => {
    const own = `${path} ${child.name()}`.trim();
    return [{ path: own, command: child }, ...commandsUnder(child, own)];
  });
}

/** Those that do something by themselves. */
export function isLeaf({ command }: CommandNode): boolean {
  return command.commands.length === 0;
}

export function namesOf(command: Command): string[] {
  return command.commands.flatMap((child) => [child.name(), ...child.aliases()]);
}

/** Of a command; `--help` is of every one, and not among commander's own list. */
export function optionsOf(command: Command): readonly Option[] {
  return command.options.filter(({ hidden }) => !hidden);
}
