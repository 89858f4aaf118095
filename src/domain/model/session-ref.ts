/** A session as those name it who act in it. Whose it is: the owner's, and of one AI unless it is a gateway's. */
export interface SessionRef {
  readonly id: string;
  /** Stands for the principal that opened it: nobody else can take it up. Empty while nobody is known by name. */
  readonly owner: string;
  /** The stream that carries it: an earlier one, that breaks late or on another replica, must not touch a lease any more. */
  readonly stream: string;
}

/** A session as its leases know it, so that any replica can take it up. */
export interface StoredSession extends SessionRef {
  /** Its stream has ended: the grace runs. */
  readonly ended?: true;
  /** The streams that it was taken from, the latest first: each of them is told, and a take-up that fails gives it back. */
  readonly before?: readonly StoredStream[];
}

export interface StoredStream {
  readonly stream: string;
  readonly ended?: true;
}
