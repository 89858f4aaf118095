import { type Command, InvalidArgumentError } from 'commander';

/** What the definitions of commands have in common. */

/** The budget, in one place for all commands. */
export const BUDGET = ['[budget]', 'default: DEFAULT_BUDGET'] as const;

export const REASON = ['--reason <text>', 'why, for the log and the list of changes', ''] as const;

export const JSON_OPTION = ['--json', 'print JSON, as the pages under /api/v1 have it'] as const;

/** Commands that hold others, of which one is meant where none is named. */
export const HAVE_DEFAULTS: ReadonlySet<string> = new Set(['changes']);

/** No option takes a token itself: whoever lists the processes of a machine would read it. */
export function addConnectionOptions(command: Command): Command {
  return command
    .option(
      '--address <host:port>',
      'where the service serves gRPC (default: the one that GRPC_ADDRESS names)',
    )
    .option('--tls', 'use TLS, and trust the authorities of this machine')
    .option('--ca <file>', 'use TLS, and trust these authorities, in PEM')
    .option('--server-name <name>', 'the name in its certificate, if it is not the address')
    .option('--cert <file>', 'show this client certificate, in PEM')
    .option('--key <file>', 'its private key, in PEM')
    .option(
      '--token-file <file>',
      'a file with the bearer token (default: ARBITER_TOKEN holds the token itself)',
    );
}

export const list = (value: string, before: string[] = []): string[] => [...before, value];

export function number(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It takes a number from ${least} to ${most}.`);
  };
}
