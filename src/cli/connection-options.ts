import type { Command } from 'commander';

/** How a command finds the service, and shows who it is. */
export interface ConnectionOptions {
  readonly address?: string;
  readonly tls?: true;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly serverName?: string;
  readonly tokenFile?: string;
}

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
