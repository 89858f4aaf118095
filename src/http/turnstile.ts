import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Answer, errorAnswer } from './answer.js';

const MAX_REQUESTS = 256;
/** A client may send the next requests before it has the answer, and Node reads on for as long as it does. */
const MAX_PER_CONNECTION = 8;

export const BUSY: Answer = errorAnswer(
  503,
  'BUSY',
  'The service has too many requests under way; ask again shortly.',
  {
    headers: { 'retry-after': '1' },
  },
);

/** Counts requests under way, until their answers are taken. */
export class Turnstile {
  private requests = 0;
  private readonly ofConnection = new WeakMap<Socket, number>();

  /** Whether a request may be worked on. */
  enter(socket: Socket, response: ServerResponse): boolean {
    const own = this.ofConnection.get(socket) ?? 0;
    if (this.requests >= MAX_REQUESTS || own >= MAX_PER_CONNECTION) return false;
    this.requests += 1;
    this.ofConnection.set(socket, own + 1);
    response.once('close', () => {
      this.requests -= 1;
      this.ofConnection.set(socket, (this.ofConnection.get(socket) ?? 1) - 1);
    });
    return true;
  }
}
