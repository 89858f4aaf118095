import { type IncomingMessage, request as plain } from 'node:http';
import { request as secure } from 'node:https';
import type { Scheduler } from '../platform/scheduler.js';

/** Connect, send and be answered. */
const ANSWER_WITHIN_MS = 10_000;
/** Of an answer that is no success, so much is read, to say what was wrong. */
const MOST_READ = 1_024;

/** What came of one try. */
export interface Sent {
  readonly delivered: boolean;
  /** What happened, for a person; nothing of the address but its host. */
  readonly detail: string;
  /** The receiver wants to be left alone for so long. */
  readonly retryAfterMs?: number;
}

export interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Tries once. Never rejects. Redirects are not followed: the address is what an operator has configured, and no other. */
export function post({ url, headers, body }: Post, scheduler: Scheduler, wall: () => number): Promise<Sent> {
  return new Promise((resolve) => {
    const bytes = Buffer.from(body);
    const length = String(bytes.length);
    const send = url.startsWith('https:') ? secure : plain;
    const sending = send(url, {
      method: 'POST',
      // A connection of its own, which ends with the answer: alerts are rare, and a stale one would fail the next.
      agent: false,
      headers: { 'user-agent': 'budget-arbiter', ...headers, 'content-length': length },
    });
    const end = (sent: Sent): void => {
      cancel();
      sending.destroy();
      resolve(sent);
    };
    const cancel = scheduler.after(ANSWER_WITHIN_MS, () =>
      end({ delivered: false, detail: `no answer within ${ANSWER_WITHIN_MS / 1_000} s` }),
    );
    sending.on('error', (error: NodeJS.ErrnoException) =>
      end({ delivered: false, detail: `cannot be reached: ${error.code ?? error.message}` }),
    );
    sending.on('response', (answer) => void judge(answer, wall()).then(end));
    sending.end(bytes);
  });
}

async function judge(answer: IncomingMessage, now: number): Promise<Sent> {
  const status = answer.statusCode ?? 0;
  if (status >= 200 && status < 300) return { delivered: true, detail: `answered ${status}` };
  if (status >= 300 && status < 400) {
    return {
      delivered: false,
      detail: `answered ${status}, a redirect: not followed, name the final address`,
    };
  }
  const words = await beginning(answer);
  const retryAfterMs = retryAfter(answer.headers['retry-after'], now);
  return {
    delivered: false,
    detail: `answered ${status}${words === '' ? '' : `: ${words}`}`,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

async function beginning(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let read = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      read += chunk.length;
      if (read >= MOST_READ) break;
    }
  } catch {
    // What was read so far will do.
  }
  const text = Buffer.concat(chunks).subarray(0, MOST_READ).toString('utf8');
  return text
    .replace(/[^\p{L}\p{N}\p{P}\p{S}]+/gu, ' ')
    .trim()
    .slice(0, 200);
}

/** Seconds, or a date. */
function retryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d{1,9}$/.test(header.trim()) ? Number(header) * 1_000 : Date.parse(header) - now;
  return Number.isFinite(ms) && ms > 0 ? ms : undefined;
}
