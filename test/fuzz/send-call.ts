import { once } from 'node:events';
import { type ClientHttp2Session, connect, constants, type OutgoingHttpHeaders } from 'node:http2';
import type { CallInput } from './inputs.js';

const PATIENCE_MS = 8_000;
const LEAVE_MS = 30;

/** How a call ended. */
export interface CallEnd {
  readonly httpStatus?: number;
  readonly grpcStatus?: number;
  readonly message?: string;
  /** Of the frame that reset it. */
  readonly resetCode?: number;
  /** Its client went first, as the input says. */
  readonly left?: boolean;
  /** Neither answered nor ended. */
  readonly hung?: boolean;
  readonly connectionLost?: boolean;
  /** The client's own library refused to send it. */
  readonly unsendable?: boolean;
}

/** One connection, opened anew whenever an input has cost it. */
export class CallSender {
  private session: ClientHttp2Session | undefined;

  constructor(private readonly address: string) {}

  async send(input: CallInput): Promise<CallEnd> {
    const session = await this.connected();
    const headers: OutgoingHttpHeaders = { ':method': 'POST', ':path': input.path, ...input.headers };
    let stream: ReturnType<ClientHttp2Session['request']>;
    try {
      stream = session.request(headers);
    } catch {
      return { unsendable: true };
    }
    const heard: Record<string, unknown> = {};
    let received = 0;
    stream.on('response', (more) => Object.assign(heard, more));
    stream.on('trailers', (more) => Object.assign(heard, more));
    stream.on('data', (bytes: Buffer) => {
      received += bytes.length;
    });
    stream.on('error', () => {});
    let unsendable = false;
    stream.on('frameError', () => {
      unsendable = true;
    });
    const closed = new Promise((resolve) => stream.once('close', resolve));
    const leave = () => stream.close(constants.NGHTTP2_CANCEL);
    let hung = false;
    const timer = setTimeout(() => {
      hung = true;
      leave();
    }, PATIENCE_MS);
    let left = false;
    if (input.endless) stream.once('data', () => setTimeout(leave, 5));
    stream.write(Buffer.from(input.hex, 'hex'), () => {
      if (input.ends) return;
      left = true;
      setTimeout(leave, LEAVE_MS);
    });
    if (input.ends) stream.end();
    await closed;
    clearTimeout(timer);
    if (unsendable) return { unsendable };
    left ||= input.endless && received > 0;
    return endOf(heard, {
      left,
      hung,
      resetCode: stream.rstCode,
      connectionLost: session.destroyed || session.closed,
    });
  }

  private async connected(): Promise<ClientHttp2Session> {
    if (this.session !== undefined && !this.session.destroyed && !this.session.closed) return this.session;
    const session = connect(`http://${this.address}`);
    session.on('error', () => {});
    this.session = session;
    await once(session, 'connect');
    return session;
  }

  async close(): Promise<void> {
    await new Promise((resolve) => void setImmediate(resolve));
    this.session?.destroy();
  }
}

function endOf(heard: Record<string, unknown>, rest: CallEnd): CallEnd {
  const number = (name: string) => (heard[name] === undefined ? undefined : Number(heard[name]));
  const [httpStatus, grpcStatus] = [number(':status'), number('grpc-status')];
  const message = heard['grpc-message'];
  return {
    ...rest,
    ...(httpStatus !== undefined && { httpStatus }),
    ...(grpcStatus !== undefined && { grpcStatus }),
    ...(message !== undefined && { message: decoded(String(message)) }),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
