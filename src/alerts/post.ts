import { type Answered, ExchangeError, exchange } from '../platform/exchange.js';
import type { Scheduler } from '../platform/scheduler.js';
import { struck } from './strike.js';

/** Connect, send and be answered. */
const ANSWER_WITHIN_MS = 10_000;
/** Of an answer that is no success, so much is read, to say what was wrong. */
const MOST_READ = 1_024;
/** And so much of it is told. */
const MOST_TOLD = 200;

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
  /**
   * What the receiver may echo and nobody else may read: it is struck from what is told of an answer. Absent: of an answer
   * nothing is told but its status.
   */
  readonly secrets?: readonly string[];
}

/** Tries once. Rejects only what cannot be sent at all. Redirects are not followed: the address is what an operator has configured, and no other. */
export async function post(
  { url, headers, body, secrets }: Post,
  scheduler: Scheduler,
  wall: () => number,
): Promise<Sent> {
  const mostBytes = (status: number): number => (secrets === undefined || status < 400 ? 0 : MOST_READ);
  try {
    const asked = {
      url,
      headers,
      body: Buffer.from(body),
      method: 'POST',
      withinMs: ANSWER_WITHIN_MS,
    } as const;
    return judged(await exchange({ ...asked, mostBytes }, scheduler), secrets ?? [], wall());
  } catch (error) {
    if (error instanceof ExchangeError) return { delivered: false, detail: error.message };
    throw error;
  }
}

function judged({ status, headers, body }: Answered, secrets: readonly string[], now: number): Sent {
  if (status >= 200 && status < 300) return { delivered: true, detail: `answered ${status}` };
  if (status >= 300 && status < 400) {
    return {
      delivered: false,
      detail: `answered ${status}, a redirect: not followed, name the final address`,
    };
  }
  const words = wordsOf(body, secrets);
  const retryAfterMs = retryAfter(headers['retry-after'], now);
  return {
    delivered: false,
    detail: `answered ${status}${words === '' ? '' : `: ${words}`}`,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

function wordsOf(body: Buffer, secrets: readonly string[]): string {
  return struck(body.toString('utf8'), secrets)
    .replace(/[^\p{L}\p{N}\p{P}\p{S}]+/gu, ' ')
    .trim()
    .slice(0, MOST_TOLD);
}

/** Seconds, or a date. */
function retryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d{1,9}$/.test(header.trim()) ? Number(header) * 1_000 : Date.parse(header) - now;
  return Number.isFinite(ms) && ms > 0 ? ms : undefined;
}
