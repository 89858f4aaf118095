import { createHmac } from 'node:crypto';
import { type Answered, ExchangeError, exchange } from '../platform/exchange.js';
import type { Scheduler } from '../platform/scheduler.js';
import type { Notice } from './notice.js';
import { slackBody, webhookBody } from './sink-bodies.js';
import { placeOf, SECRET_PREFIX, type SinkSettings } from './sink-settings.js';
import { struck } from './strike.js';

/** A sink that can fail: it is told again until it has heard. */
export interface RemoteSink {
  readonly name: string;
  /** For a person: its kind and host. */
  readonly place: string;
  /** One try; never rejects. `attempt`: from 1. */
  send(notice: Notice, attempt: number): Promise<Sent>;
}

export interface SendingMeans {
  readonly scheduler: Scheduler;
  /** Milliseconds since 1970 UTC, as the machine believes: receivers judge by it how old a message is. */
  readonly wall: () => number;
  /** Where people find the dashboard; absent: no link is sent. */
  readonly publicUrl?: string | undefined;
}

export function remoteSinks(sinks: readonly SinkSettings[], means: SendingMeans): RemoteSink[] {
  return sinks.flatMap((settings) => {
    const { name, kind, url, secret } = settings;
    if (url === undefined) return [];
    const send = (notice: Notice, attempt: number): Promise<Sent> => {
      const link = linkOf(means.publicUrl, notice);
      const message =
        kind === 'slack'
          ? slackPost(url, notice, link)
          : webhookPost({ url, secret, link }, notice, attempt, means.wall());
      return post(message, means.scheduler, means.wall);
    };
    const careful = async (notice: Notice, attempt: number): Promise<Sent> => {
      try {
        return await send(notice, attempt);
      } catch (error) {
        return { delivered: false, detail: `cannot be sent: ${(error as Error).message}` };
      }
    };
    return [{ name, place: placeOf(settings), send: careful }];
  });
}

/** Of a test there is no budget to look at. */
function linkOf(publicUrl: string | undefined, { type, budgetId }: Notice): string | undefined {
  if (publicUrl === undefined || type === 'test') return publicUrl;
  return `${publicUrl.replace(/\/+$/, '')}/#/budgets/${budgetId}`;
}

interface WebhookTarget {
  readonly url: string;
  readonly secret: string | undefined;
  readonly link: string | undefined;
}

/** As Standard Webhooks signs it: https://github.com/standard-webhooks/standard-webhooks */
function webhookPost(
  { url, secret, link }: WebhookTarget,
  notice: Notice,
  attempt: number,
  now: number,
): Post {
  const body = JSON.stringify(webhookBody(notice, link));
  const timestamp = String(Math.floor(now / 1_000));
  const headers: Readonly<Record<string, string>> = {
    ...JSON_TYPE,
    'webhook-id': notice.id,
    'webhook-timestamp': timestamp,
    'budget-alert-attempt': String(attempt),
    ...(secret === undefined ? {} : { [SIGNATURE]: signature(secret, notice.id, timestamp, body) }),
  };
  return { url, headers, body, secrets: [placeWithin(url), secret ?? '', headers[SIGNATURE] ?? ''] };
}

/** What follows the host: of many receivers it is all that keeps strangers from sending, too. */
function placeWithin(url: string): string {
  const { pathname, search } = new URL(url);
  return pathname + search;
}

/** The whole path of a Slack address is a secret, and what Slack says of a refusal is in its status. */
function slackPost(url: string, notice: Notice, link: string | undefined): Post {
  return { url, headers: JSON_TYPE, body: JSON.stringify(slackBody(notice, link)) };
}

const SIGNATURE = 'webhook-signature';
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

/** Id and time are signed too: an old message cannot be sent again as if it were new, or another one. */
export function signature(secret: string, id: string, timestamp: string, body: string): string {
  return `v1,${createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
}

/** `whsec_` says that the key follows in base64; any other secret is the key itself. */
function keyOf(secret: string): Buffer {
  return secret.startsWith(SECRET_PREFIX)
    ? Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64')
    : Buffer.from(secret, 'utf8');
}

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

interface Post {
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
async function post(
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
