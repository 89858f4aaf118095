import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

type Answer = (received: Received, response: ServerResponse) => void;

export const OK: Answer = (_, response) => void response.writeHead(200).end('ok');

/** A receiver of alerts as others write them: a plain HTTP server, which answers as a test says. */
export class AlertReceiver {
  readonly received: Received[] = [];
  answer: Answer = OK;
  private readonly waiting: (() => void)[] = [];
  private readonly server = createServer((request, response) => void this.take(request, response));

  static async start(): Promise<AlertReceiver> {
    const receiver = new AlertReceiver();
    receiver.server.listen(0, '127.0.0.1');
    await once(receiver.server, 'listening');
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/hook`;
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks = (await request.toArray()) as Buffer[];
    const { url: path = '', headers } = request;
    const received = { path, headers, text: Buffer.concat(chunks).toString('utf8') };
    this.received.push(received);
    this.answer(received, response);
    for (const wake of this.waiting.splice(0)) wake();
  }

  /** Waits until what was received fits. */
  async until(fits: (received: readonly Received[]) => boolean): Promise<void> {
    while (!fits(this.received)) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

/** As docs/alerts.md tells receivers to do it. */
export function isSigned({ headers, text }: Received, secret: string, now: number): boolean {
  const timestamp = String(headers['webhook-timestamp']);
  if (Math.abs(now / 1_000 - Number(timestamp)) > 300) return false;
  const signed = `${headers['webhook-id']}.${timestamp}.${text}`;
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : secret;
  return headers['webhook-signature'] === `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
}
