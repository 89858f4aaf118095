import { type IncomingHttpHeaders, type IncomingMessage, request as plain } from 'node:http';
import { request as secure } from 'node:https';
import type { Scheduler } from './scheduler.js';

/** One request to somebody else's server. */
export interface Asked {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** For all of it: connecting, sending, the answer's headers and its body. */
  readonly withinMs: number;
  /** Of an answer with this status so many bytes are taken in; what follows is not read. */
  readonly mostBytes: (status: number) => number;
  /** For what is no secret, asked of this machine. */
  readonly anyCertificate?: true;
}

export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The body ended within its bound. False: it went on, or broke off. */
  readonly whole: boolean;
}

/** There is no answer, or none in time. The message names nothing of the address. */
export class ExchangeError extends Error {
  override readonly name = 'ExchangeError';
  constructor(
    message: string,
    /** That of the system, such as ECONNREFUSED; or LATE. */
    readonly code: string,
  ) {
    super(message);
  }
}

/**
 * The only way in which this service asks others over HTTP: bounded in bytes and in time, whatever the other side does.
 * The timer is the scheduler's, and destroys the connection itself. (An `AbortSignal.timeout` is held by nothing while a body
 * is read: after a garbage collection it never fires.) Redirects are not followed: the address is the one that was checked.
 */
export function exchange(asked: Asked, scheduler: Scheduler): Promise<Answered> {
  const { url, method, headers, body, withinMs, mostBytes, anyCertificate } = asked;
  return new Promise((resolve, reject) => {
    const send = url.startsWith('https:') ? secure : plain;
    const sending = send(url, {
      method,
      // A connection of its own, which ends with the answer: we ask rarely, and a stale one would fail the next.
      agent: false,
      ...(anyCertificate && { rejectUnauthorized: false }),
      headers: {
        'user-agent': 'budget-arbiter',
        ...headers,
        ...(body === undefined ? {} : { 'content-length': String(body.length) }),
      },
    });
    const end = (finish: () => void): void => {
      cancel();
      sending.destroy();
      finish();
    };
    const fail = (message: string, code: string): void => end(() => reject(new ExchangeError(message, code)));
    const cancel = scheduler.after(withinMs, () => fail(`no answer within ${withinMs / 1_000} s`, 'LATE'));
    sending.on('error', ({ code, message }: NodeJS.ErrnoException) =>
      fail(`cannot be reached: ${code ?? message}`, code ?? ''),
    );
    const unanswered = (): void => fail('cannot be reached: the connection ended without an answer', '');
    sending.on('close', unanswered);
    sending.on('response', (answer) => {
      sending.off('close', unanswered);
      const { statusCode: status = 0, headers: told } = answer;
      void beginning(answer, mostBytes(status)).then((read) =>
        end(() => resolve({ status, headers: told, ...read })),
      );
    });
    sending.end(body);
  });
}

/** Never rejects: what was read until the connection broke is told as a part. */
async function beginning(
  answer: IncomingMessage,
  mostBytes: number,
): Promise<Pick<Answered, 'body' | 'whole'>> {
  if (mostBytes === 0) return { body: Buffer.alloc(0), whole: false };
  const chunks: Buffer[] = [];
  let read = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      read += chunk.length;
      if (read > mostBytes) break;
    }
  } catch {
    return { body: Buffer.concat(chunks).subarray(0, mostBytes), whole: false };
  }
  return { body: Buffer.concat(chunks).subarray(0, mostBytes), whole: read <= mostBytes };
}
