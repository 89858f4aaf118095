import { createHmac } from 'node:crypto';
import type { Scheduler } from '../platform/scheduler.js';
import type { Notice } from './notice.js';
import { type Post, post, type Sent } from './post.js';
import { placeOf, type SinkSettings } from './settings.js';
import { slackBody } from './slack-body.js';
import { webhookBody } from './webhook-body.js';

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
}

export function remoteSinks(sinks: readonly SinkSettings[], means: SendingMeans): RemoteSink[] {
  return sinks.flatMap((settings) => {
    const { name, kind, url, secret } = settings;
    if (url === undefined) return [];
    const send = (notice: Notice, attempt: number): Promise<Sent> => {
      const message =
        kind === 'slack'
          ? slackPost(url, notice)
          : webhookPost({ url, secret }, notice, attempt, means.wall());
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

function webhookPost(
  { url, secret }: { readonly url: string; readonly secret: string | undefined },
  notice: Notice,
  attempt: number,
  now: number,
): Post {
  const body = JSON.stringify(webhookBody(notice));
  const timestamp = String(Math.floor(now / 1_000));
  const headers: Readonly<Record<string, string>> = {
    ...JSON_TYPE,
    'budget-alert-id': notice.id,
    'budget-alert-attempt': String(attempt),
    'budget-alert-timestamp': timestamp,
    ...(secret === undefined ? {} : { [SIGNATURE]: signature(secret, timestamp, body) }),
  };
  return { url, headers, body, secrets: [placeWithin(url), secret ?? '', headers[SIGNATURE] ?? ''] };
}

/** What follows the host: of many receivers it is all that keeps strangers from sending, too. */
function placeWithin(url: string): string {
  const { pathname, search } = new URL(url);
  return pathname + search;
}

/** The whole path of a Slack address is a secret, and what Slack says of a refusal is in its status. */
function slackPost(url: string, notice: Notice): Post {
  return { url, headers: JSON_TYPE, body: JSON.stringify(slackBody(notice)) };
}

const SIGNATURE = 'budget-alert-signature';
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

/** The time is signed too: an old message cannot be sent again as if it were new. */
export function signature(secret: string, timestamp: string, body: string): string {
  return `v1=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`;
}
