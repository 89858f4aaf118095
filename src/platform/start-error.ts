/**
 * Why the service cannot start or go on, for the person who starts it: stderr shows the message, which says what to do.
 * The cause, if any, is for the log.
 */
export class StartError extends Error {
  override readonly name: string = 'StartError';
  constructor(
    message: string,
    readonly exitCode: number = 1,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Says in one line why an address cannot be listened on, and what to do. `variable` is the setting that names it. */
export function listenFailure(
  variable: string,
  address: string,
  cause: Error & { code?: string },
): StartError {
  return new StartError(`${variable}: cannot listen on ${address}: ${reason(variable, cause)}`, 1, { cause });
}

function reason(variable: string, cause: Error & { code?: string }): string {
  switch (cause.code) {
    case 'EADDRINUSE':
      return `another process uses it. Stop that process, or set ${variable} to another port.`;
    case 'EACCES':
      return `this user may not use that port. Set ${variable} to a port above 1023.`;
    case 'EADDRNOTAVAIL':
      return `this machine has no such address. Set ${variable} to one that it has, such as 127.0.0.1 with a port.`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `that name has no address. Set ${variable} to an IP address or a name that resolves.`;
    default:
      return cause.message;
  }
}
