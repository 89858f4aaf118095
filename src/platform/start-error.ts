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
