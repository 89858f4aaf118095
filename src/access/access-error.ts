/**
 * Why nobody is served.
 * - UNAUTHENTICATED: no credentials, or wrong ones.
 * - PERMISSION_DENIED: known, but without the role for this.
 * - ISSUER_UNAVAILABLE: a token may be right, but the keys of its issuer cannot be read now.
 */
export type AccessFailure = 'UNAUTHENTICATED' | 'PERMISSION_DENIED' | 'ISSUER_UNAVAILABLE';

/** Turns a caller away. The message is for that caller: it never says what would have been right. */
export class AccessError extends Error {
  override readonly name = 'AccessError';
  constructor(
    readonly failure: AccessFailure,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export function unauthenticated(message: string): AccessError {
  return new AccessError('UNAUTHENTICATED', message);
}
