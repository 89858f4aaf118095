/** Something that is called in its own process: a library, a disk, a function. */
export interface Peer {
  /** One call. Throws what went wrong. */
  call(caller: number, turn: number): Promise<unknown>;
  close(): Promise<unknown>;
}

/** As `Peer`, but its calls are so short that it times them itself. */
export interface TimedPeer {
  /** Calls for so long; only the time spent in them counts. */
  drive(seconds: number): { readonly calls: number; readonly busySeconds: number };
}
