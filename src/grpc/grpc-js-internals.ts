import type { Http2Server, ServerHttp2Stream } from 'node:http2';
import {
  experimental,
  type Server,
  type ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
} from '@grpc/grpc-js';

/**
 * All that this service uses of grpc-js beyond what that promises. Looked up in the sources of this release; another one is to be read
 * again, which `test/unit/grpc/grpc-js-internals.test.ts` asks for. What is missing stops the start, or the call, and says so.
 */
export const CHECKED_FOR = '1.14.7';

/** The servers beneath it, which alone know of connections. */
export function http2ServersOf(server: Server): Http2Server[] {
  const { http2Servers } = server as unknown as { http2Servers?: Map<Http2Server, unknown> };
  if (http2Servers === undefined || http2Servers.size === 0) {
    throw new Error('this release of grpc-js hides its HTTP/2 servers, so nothing bounds their connections');
  }
  return [...http2Servers.keys()];
}

type StreamingCall = ServerDuplexStream<Buffer, Buffer> | ServerWritableStream<Buffer, Buffer>;
type UnaryCall = ServerUnaryCall<Buffer, Buffer>;

/** What grpc-js keeps of a call. */
interface Beneath {
  readonly stream: ServerHttp2Stream;
  readonly incomingEncoding: string;
  metadataSent: boolean;
  wantTrailers: boolean;
}

/** The stream beneath a call. A release that hides it better must be met by another way to write. */
export function streamBeneath(call: StreamingCall): ServerHttp2Stream {
  return beneath(call).stream;
}

/**
 * The stream beneath a call that is answered there. grpc-js sends nothing more then, not even when the deadline passes while the answer
 * is on its way; that the call is over it hears from the stream. Undefined: nobody is there to be answered.
 */
export function takeOver(call: UnaryCall): ServerHttp2Stream | undefined {
  const kept = beneath(call);
  const { stream } = kept;
  if (stream.destroyed || stream.closed || stream.headersSent) return undefined;
  kept.metadataSent = true;
  kept.wantTrailers = true;
  return stream;
}

/**
 * The stream beneath a call whose messages are read there: grpc-js reads nothing more. It has read nothing yet as long as nobody has
 * listened to the call. Undefined: its messages may be compressed, which is left to grpc-js.
 */
export function takeOverReading(call: ServerDuplexStream<Buffer, Buffer>): ServerHttp2Stream | undefined {
  const { stream, incomingEncoding } = beneath(call);
  if (incomingEncoding !== 'identity') return undefined;
  stream.removeAllListeners('data');
  stream.removeAllListeners('end');
  return stream;
}

function beneath(call: StreamingCall | UnaryCall): Beneath {
  const kept = (call as unknown as { call?: Partial<Beneath> }).call;
  const { stream, incomingEncoding, metadataSent, wantTrailers } = kept ?? {};
  if ([stream, incomingEncoding, metadataSent, wantTrailers].includes(undefined)) {
    throw new Error('this release of grpc-js hides the stream of a call');
  }
  return kept as Beneath;
}

/**
 * TLS by files that change. It takes the server's own certificate first and the authority of clients second, whatever its types call
 * them, and none for an authority where no client is asked for a certificate.
 */
export function credentialsBy(
  provider: experimental.CertificateProvider,
  asksClients: boolean,
): ServerCredentials {
  const authority = asksClients ? provider : (null as unknown as experimental.CertificateProvider);
  return experimental.createCertificateProviderServerCredentials(provider, authority, false);
}
