import type { ServerHttp2Stream } from 'node:http2';
import { unauthenticated } from '../access/access-error.js';
import type { Purpose } from '../access/standing.js';
import type { Services } from '../api/service.js';
import { ArbiterError } from '../arbiter/service-port.js';
import { PROCESS_SCHEDULER } from '../platform/scheduler.js';
import { onRetired } from './gate/connection.js';

/** Streams that only their client would end. A server that waits for its calls to be answered ends them first. */
export class OpenStreams {
  private readonly ends = new Set<(error: ArbiterError) => void>();
  private closing = false;

  /**
   * Returns what takes the stream off the list again. It ends at once from `endAll` on, and when its connection is asked to leave.
   */
  add(stream: ServerHttp2Stream, end: (error: ArbiterError) => void): () => void {
    if (this.closing) end(shuttingDown());
    else this.ends.add(end);
    const forget = onRetired(stream, () => end(retired()));
    return () => {
      this.ends.delete(end);
      forget();
    };
  }

  endAll(): void {
    this.closing = true;
    for (const end of [...this.ends]) end(shuttingDown());
  }
}

function shuttingDown(): ArbiterError {
  return new ArbiterError('SHUTTING_DOWN', 'this replica is shutting down: open the stream on another');
}

function retired(): ArbiterError {
  const message =
    'this connection has reached its age (GRPC_MAX_CONNECTION_AGE): open the stream again on a new one';
  return new ArbiterError('SHUTTING_DOWN', message, 0);
}

/** A clock may be set back or forth meanwhile. */
const LOOK_AGAIN_MS = 60_000;

/**
 * What credentials opened must not outlive them: tells when they have run out, were withdrawn, or allow less of its purpose. The
 * returned function calls that off. Unary calls need none of this: each shows its token, and one that waits is looked after by
 * the service port.
 */
export function onCredentialsEnd(
  own: Pick<Services, 'validForMs' | 'standing' | 'scheduler'>,
  ended: (error: Error) => void,
  purpose: () => Purpose | undefined = () => undefined,
): () => void {
  const forget = own.standing?.follow(purpose, ended);
  const cancel = onExpiry(own, ended);
  return () => {
    forget?.();
    cancel();
  };
}

function onExpiry(
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
