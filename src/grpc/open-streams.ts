import { ArbiterError } from '../arbiter/door.js';

/** Streams that only their client would end. A server that waits for its calls to be answered ends them first. */
export class OpenStreams {
  private readonly ends = new Set<(error: ArbiterError) => void>();
  private closing = false;

  /** Returns what takes the stream off the list again. From `endAll` on a new stream ends at once. */
  add(end: (error: ArbiterError) => void): () => void {
    if (this.closing) end(shuttingDown());
    else this.ends.add(end);
    return () => this.ends.delete(end);
  }

  endAll(): void {
    this.closing = true;
    for (const end of [...this.ends]) end(shuttingDown());
  }
}

function shuttingDown(): ArbiterError {
  return new ArbiterError(
    'SHUTTING_DOWN',
    'this copy of the service is shutting down: open the stream on another',
  );
}
