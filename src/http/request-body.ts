import type { IncomingMessage, ServerResponse } from 'node:http';
import { ArbiterError } from '../arbiter/door.js';

/** A body that cannot be taken in. */
export class BodyError extends Error {
  constructor(readonly maxBytes: number) {
    super(`a request's body may have ${maxBytes} bytes`);
  }
}

export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** Reads a body whole; a larger one is not read to its end. */
export async function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  maxBytes: number,
): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw new BodyError(maxBytes);
  if (request.headers.expect?.toLowerCase() === '100-continue') response.writeContinue();
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw new BodyError(maxBytes);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof BodyError) throw error;
    throw new ArbiterError('CANCELLED', 'the connection broke before the request was whole', undefined, {
      cause: error,
    });
  }
  return Buffer.concat(chunks);
}
