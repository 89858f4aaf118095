import type { IncomingMessage, ServerResponse } from 'node:http';
import { TransportError } from '../api/failures/transport-error.js';
import { ArbiterError } from '../arbiter/service-port.js';

export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** Reads a body whole; a larger one is not read to its end. */
export async function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  maxBytes: number,
): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  if (request.headers.expect?.toLowerCase() === '100-continue') response.writeContinue();
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw tooLarge(maxBytes);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof TransportError) throw error;
    throw new ArbiterError('CANCELLED', 'the connection broke before the request was whole', undefined, {
      cause: error,
    });
  }
  return Buffer.concat(chunks);
}

function tooLarge(maxBytes: number): TransportError {
  return new TransportError('TOO_LARGE', `the body is larger than a message may be, ${maxBytes} bytes`);
}
