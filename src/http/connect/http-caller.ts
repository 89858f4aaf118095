import type { Socket } from 'node:net';
import { TransportError } from '../../api/failures/transport-error.js';
import type { Caller } from '../../arbiter/service-port.js';
import type { Scheduler } from '../../platform/scheduler.js';

/** The callers on one connection, which tells all of them by one listener that it is gone. */
interface Callers {
  readonly onIt: Set<HttpCaller>;
  /** How long the connection may be silent while nobody waits. */
  silenceMs: number;
}

const connections = new WeakMap<Socket, Callers>();

/** Who calls over HTTP: gone when its connection is, or when its time is over. */
export class HttpCaller implements Caller {
  private isGone: boolean;
  private readonly listeners: (() => void)[] = [];

  constructor(private readonly socket: Socket) {
    this.isGone = socket.destroyed;
    const callers = callersOn(socket);
    if (callers.onIt.size === 0) {
      callers.silenceMs = socket.timeout ?? 0;
      // Who waits for a slot is silent for as long as it takes.
      socket.setTimeout(0);
    }
    callers.onIt.add(this);
  }

  get gone(): boolean {
    return this.isGone;
  }

  onGone(listener: () => void): void {
    if (this.isGone) queueMicrotask(listener);
    else this.listeners.push(listener);
  }

  leave(): void {
    this.isGone = true;
    for (const listener of this.listeners.splice(0)) listener();
  }

  /** The call has its answer; from now on nobody is told that the caller goes. */
  answered(): void {
    this.listeners.length = 0;
    const { onIt, silenceMs } = callersOn(this.socket);
    onIt.delete(this);
    if (onIt.size === 0) this.socket.setTimeout(silenceMs);
  }
}

function callersOn(socket: Socket): Callers {
  const known = connections.get(socket);
  if (known !== undefined) return known;
  const callers: Callers = { onIt: new Set(), silenceMs: 0 };
  connections.set(socket, callers);
  socket.once('close', () => {
    for (const caller of [...callers.onIt]) caller.leave();
  });
  return callers;
}

/** The work; or an error once the time is over, and then the caller is gone for whoever still works. */
export function within<T>(
  timeoutMs: number | undefined,
  scheduler: Scheduler,
  caller: HttpCaller,
  work: Promise<T>,
): Promise<T> {
  if (timeoutMs === undefined) return work;
  return new Promise((resolve, reject) => {
    const cancel = scheduler.after(timeoutMs, () => {
      reject(new TransportError('DEADLINE', tooLate(timeoutMs)));
      caller.leave();
    });
    work.then(resolve, reject).finally(cancel);
  });
}

function tooLate(timeoutMs: number): string {
  return (
    `there was no answer within the ${timeoutMs} ms of connect-timeout-ms: ` +
    'what was asked may have happened all the same; repeat it with the same ids'
  );
}
