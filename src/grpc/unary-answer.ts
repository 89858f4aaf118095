import { constants, type OutgoingHttpHeaders } from 'node:http2';
import type { ServerUnaryCall } from '@grpc/grpc-js';
import { takeOver } from './grpc-js-internals.js';

/** As grpc-js sends them. */
const HEADERS: OutgoingHttpHeaders = {
  [constants.HTTP2_HEADER_STATUS]: constants.HTTP_STATUS_OK,
  [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc+proto',
  'grpc-accept-encoding': 'identity,deflate,gzip',
  'grpc-encoding': 'identity',
};
const TRAILERS: OutgoingHttpHeaders = { 'grpc-status': 0, 'grpc-message': 'OK' };
const WITH_TRAILERS = { waitForTrailers: true };

/**
 * Sends the answer of a unary call, a message in its frame. grpc-js waits until the message is on its way before it ends the call, and
 * makes the headers anew for each.
 */
export function sendAnswer(call: ServerUnaryCall<Buffer, Buffer>, frame: Buffer): void {
  const stream = takeOver(call);
  if (stream === undefined) return;
  stream.respond(HEADERS, WITH_TRAILERS);
  stream.once('wantTrailers', () => stream.sendTrailers(TRAILERS));
  stream.end(frame);
}
