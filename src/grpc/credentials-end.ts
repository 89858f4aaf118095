import { unauthenticated } from '../access/access-error.js';
import type { Services } from '../api/service.js';
import { PROCESS_SCHEDULER } from '../platform/scheduler.js';

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
