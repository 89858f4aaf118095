import { unauthenticated } from '../access/access-error.js';
import type { Services } from '../api/service.js';
import { ArbiterError } from '../arbiter/service-port.js';
import { PROCESS_SCHEDULER } from '../platform/scheduler.js';

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
  return new ArbiterError('SHUTTING_DOWN', 'this replica is shutting down: open the stream on another');
}

/** A clock may be set back or forth meanwhile. */
const LOOK_AGAIN_MS = 60_000;

/**
 * What a token or a certificate opened must not outlive it: tells when it has run out. The returned function calls that off.
 * Unary calls need none of this: each shows its token, and one that waits waits no longer than that is good.
 */
export function onCredentialsEnd(
  { validForMs, scheduler = PROCESS_SCHEDULER }: Pick<Services, 'validForMs' | 'scheduler'>,
  ended: (error: Error) => void,
): () => void {
  if (validForMs === undefined) return () => {};
  let cancel = (): void => {};
  const look = (): void => {
    const left = validForMs();
    if (left > 0) cancel = scheduler.after(Math.min(left, LOOK_AGAIN_MS), look);
    else
      ended(
        unauthenticated(
          'the token or the certificate that opened this stream has expired: open it again with a new one',
        ),
      );
  };
  look();
  return () => cancel();
}
