import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { ErrorInfo } from '../../../src/gen/google/rpc/error_details.js';
import { Status } from '../../../src/gen/google/rpc/status.js';

/** How a call ended, as HTTP/2 shows it. */
export interface RawEnd {
  readonly httpStatus: number | undefined;
  readonly grpcStatus: number | undefined;
  readonly message: string;
  readonly detailTypes: readonly string[];
  /** Of the ErrorInfo. */
  readonly reason: string | undefined;
  /** Of the frame that reset the stream; 0 if none did. */
  readonly resetCode: number;
}

/** A client that is bound to no manners: half calls, odd frames, answers left unread. */
export class RawClient {
  private constructor(readonly session: ClientHttp2Session) {}

  static async connect(port: number): Promise<RawClient> {
    return RawClient.over(connect(`http://127.0.0.1:${port}`));
  }

  static async over(session: ClientHttp2Session): Promise<RawClient> {
    session.on('error', () => {});
    await once(session, 'connect');
    return new RawClient(session);
  }

  open(path: string, headers: OutgoingHttpHeaders = {}): ClientHttp2Stream {
    const stream = this.session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    });
    stream.on('error', () => {});
    return stream;
  }

  /** Calls with a message, and reads the answer. */
  call(path: string, message: Uint8Array, headers: OutgoingHttpHeaders = {}): Promise<RawEnd> {
    const stream = this.open(path, headers);
    stream.end(framed(message));
    return endOf(stream);
  }

  /** Later: Node spins for ever when a session is destroyed in the turn that reads the end of a stream. */
  async close(): Promise<void> {
    await new Promise((resolve) => void setImmediate(resolve));
    this.session.destroy();
  }
}

/** A message as gRPC puts it on the wire. */
export function framed(message: Uint8Array, flag = 0): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flag, 0);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

export async function endOf(stream: ClientHttp2Stream): Promise<RawEnd> {
  let headers: Record<string, unknown> = {};
  stream.on('response', (received) => {
    headers = { ...headers, ...received };
  });
  stream.on('trailers', (received) => {
    headers = { ...headers, ...received };
  });
  stream.resume();
  if (!stream.destroyed) await new Promise((resolve) => stream.once('close', resolve));
  const text = (name: string) => (headers[name] === undefined ? undefined : String(headers[name]));
  const grpcStatus = text('grpc-status');
  const bytes = Buffer.from(text('grpc-status-details-bin') ?? '', 'base64');
  const { details } = Status.decode(bytes);
  const info = details.find(({ typeUrl }) => typeUrl.endsWith('.ErrorInfo'));
  return {
    httpStatus: headers[':status'] === undefined ? undefined : Number(headers[':status']),
    grpcStatus: grpcStatus === undefined ? undefined : Number(grpcStatus),
    message: decodeURIComponent(text('grpc-message') ?? ''),
    detailTypes: details.map(({ typeUrl }) => typeUrl.replace(/.*\./, '')),
    reason: info && ErrorInfo.decode(info.value).reason,
    resetCode: stream.rstCode ?? 0,
  };
}
