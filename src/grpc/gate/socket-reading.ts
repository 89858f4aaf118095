import type { ServerHttp2Session } from 'node:http2';

/** Of Node's own handle of a socket: checked for 20, 22 and 24, and tried by a test on the one that runs it. */
interface Handle {
  readStart?(): void;
  readStop?(): void;
}

/** Reads what comes on a connection, or leaves it unread: Node shows no other way. Without it the connection is read on. */
export function readOn(session: ServerHttp2Session, on: boolean): void {
  const handle = handleOf(session);
  if (on) handle?.readStart?.();
  else handle?.readStop?.();
}

export function handleOf({ socket }: ServerHttp2Session): Handle | undefined {
  const { _handle: handle } = socket as unknown as { _handle?: Handle | null };
  return handle ?? undefined;
}
