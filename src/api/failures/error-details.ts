import { Metadata, type ServerErrorResponse } from '@grpc/grpc-js';
import type { FieldViolation } from '../../domain/model/outcomes.js';
import type { Any } from '../../gen/google/protobuf/any.js';
import { BadRequest, ErrorInfo, RetryInfo } from '../../gen/google/rpc/error_details.js';
import { Status } from '../../gen/google/rpc/status.js';
import { durationMessage } from '../write/time.js';
import { MAX_VIOLATION_BYTES, messageFits } from './header-size.js';
import type { Failure } from './status.js';

const DOMAIN = 'budgetarbiter';
const MAX_TEXT_BYTES = 600;

/** A failure as grpc-js sends it, with its details in the trailer that rich clients read. */
export function errorResponse(failure: Failure): ServerErrorResponse {
  const rich = statusMessage(failure);
  const { message } = rich;
  const metadata = new Metadata();
  metadata.set('grpc-status-details-bin', Buffer.from(Status.encode(rich).finish()));
  return { name: 'Error', code: failure.code, message, details: message, metadata };
}

/** A failure as a message, for an answer within a stream. */
export function statusMessage(failure: Failure): Status {
  return {
    code: failure.code,
    message: toldMessage(failure),
    details: detailsOf(failure),
  };
}

/** As much of the message as headers hold; well-formed, as `shortened` is. */
export function toldMessage({ message }: Failure): string {
  return messageFits(message) ? Buffer.from(message).toString() : shortened(message);
}

/** What programs read of a failure, whichever protocol tells it. */
export function detailsOf({ reason, metadata, violations, retryAfterMs }: Failure): Any[] {
  const details: Any[] = [];
  if (reason !== undefined) {
    const info = ErrorInfo.fromPartial({ reason, domain: DOMAIN, metadata: metadata ?? {} });
    details.push(packed('ErrorInfo', ErrorInfo.encode(info).finish()));
  }
  if (violations !== undefined) {
    const badRequest = { fieldViolations: bounded(violations) };
    details.push(packed('BadRequest', BadRequest.encode(badRequest).finish()));
  }
  if (retryAfterMs !== undefined) {
    const retryInfo = { retryDelay: durationMessage(retryAfterMs) };
    details.push(packed('RetryInfo', RetryInfo.encode(retryInfo).finish()));
  }
  return details;
}

function packed(type: string, value: Uint8Array): Any {
  return { typeUrl: `type.googleapis.com/google.rpc.${type}`, value: Buffer.from(value) };
}

/** As many as a header holds; the last says how many there are beside. */
function bounded(violations: readonly FieldViolation[]): FieldViolation[] {
  const shown: FieldViolation[] = [];
  let size = 0;
  for (const { field, description } of violations) {
    const next = { field: shortened(field), description: shortened(description) };
    size += Buffer.byteLength(next.field) + Buffer.byteLength(next.description);
    if (shown.length > 0 && size > MAX_VIOLATION_BYTES) {
      shown.push({
        field: '(others)',
        description: `${violations.length - shown.length} more fields are wrong`,
      });
      break;
    }
    shown.push(next);
  }
  return shown;
}

/** Well-formed, since grpc-js throws on half a character when it encodes the message of a status. */
function shortened(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= MAX_TEXT_BYTES) return bytes.toString();
  return `${bytes
    .subarray(0, MAX_TEXT_BYTES)
    .toString()
    .replace(/\ufffd+$/, '')}...`;
}
