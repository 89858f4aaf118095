import type { Http2Server, ServerHttp2Stream } from 'node:http2';
import {
  experimental,
  type Server,
  type ServerCredentials,
  type ServerDuplexStream,
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

/** The stream beneath a call. A release that hides it better must be met by another way to write. */
export function streamBeneath(
  call: ServerDuplexStream<Buffer, Buffer> | ServerWritableStream<Buffer, Buffer>,
): ServerHttp2Stream {
  const { stream } = (call as unknown as { call?: { stream?: ServerHttp2Stream } }).call ?? {};
  if (stream === undefined) throw new Error('this release of grpc-js hides the stream of a call');
  return stream;
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
