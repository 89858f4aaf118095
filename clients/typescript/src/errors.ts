/** The service did not answer for as long as the caller had patience. */
export class ArbiterUnavailable extends Error {
  /** Its class. */
  override readonly name = 'ArbiterUnavailable';
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
  }
}

/**
 * The service refuses this call, whoever repeats it: only another program or another configuration mends it. `code` is the name of the
 * gRPC code, such as `PERMISSION_DENIED`; `reason` the service's own word, such as `BUDGET_NOT_FOUND`, where it has one.
 */
export class ArbiterRefused extends Error {
  /** Its class. */
  override readonly name = 'ArbiterRefused';
  constructor(
    message: string,
    /** The name of the gRPC code. */
    readonly code: string,
    /** The service's own word. */
    readonly reason: string | undefined,
  ) {
    super(message);
  }
}

/** The client was closed. */
export class ClientClosed extends Error {
  /** Its class. */
  override readonly name = 'ClientClosed';
  constructor() {
    super('this budget client is closed');
  }
}

/** The lease was lost during the call: its slot may be another's already. The reason of `slot.lost`. */
export class SlotLost extends Error {
  /** Its class. */
  override readonly name = 'SlotLost';
}
