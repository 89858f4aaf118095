/** The store cannot be used as it is, and trying again does not help. The message is one clear line for an operator. */
export class StoreStartError extends Error {
  override readonly name = 'StoreStartError';
}

/** The store does not answer yet: trying again may help. The message is one clear line for an operator. */
export class StoreUnreachable extends Error {
  override readonly name = 'StoreUnreachable';
}
