import { constants } from 'node:http2';
import { status } from '@grpc/grpc-js';
import type { CallInput } from './inputs.js';
import type { CallEnd } from './send-call.js';

/** What any input may come to. INTERNAL, UNKNOWN, UNAVAILABLE and DATA_LOSS are not among them. */
const PROPER: readonly number[] = [
  status.OK,
  status.CANCELLED,
  status.INVALID_ARGUMENT,
  status.DEADLINE_EXCEEDED,
  status.NOT_FOUND,
  status.ALREADY_EXISTS,
  status.RESOURCE_EXHAUSTED,
  status.FAILED_PRECONDITION,
  status.ABORTED,
  status.UNIMPLEMENTED,
];

interface OwnRefusal {
  readonly name: string;
  readonly is: (input: CallInput, end: CallEnd) => boolean;
}

/** What grpc-js and Node's HTTP/2 refuse by themselves with other codes, before any handler of ours. This list is whole. */
export const OWN_REFUSALS: readonly OwnRefusal[] = [
  {
    name: 'grpc-js: INTERNAL for a grpc-timeout that is none',
    is: (_input, end) =>
      end.grpcStatus === status.INTERNAL && /^Invalid grpc-timeout value/.test(end.message ?? ''),
  },
  {
    name: 'grpc-js: INTERNAL for a message that does not decompress',
    is: (_input, end) => end.grpcStatus === status.INTERNAL && end.message === 'Failed to decompress message',
  },
  {
    name: 'grpc-js: HTTP 415, which clients call UNKNOWN, for a content type that is not application/grpc',
    is: (input, end) =>
      end.grpcStatus === undefined &&
      end.httpStatus === 415 &&
      !(input.headers['content-type'] ?? '').startsWith('application/grpc'),
  },
  {
    name: 'HTTP/2: a call with more headers than 128 or 64 KiB is reset',
    is: (_input, end) =>
      end.grpcStatus === undefined && end.resetCode === constants.NGHTTP2_ENHANCE_YOUR_CALM,
  },
  {
    name: 'HTTP/2: a header block that is no header block is reset or ends its connection',
    is: (input, end) =>
      end.grpcStatus === undefined &&
      (end.resetCode === constants.NGHTTP2_PROTOCOL_ERROR || end.connectionLost === true) &&
      oddHeaders(input),
  },
];

function oddHeaders({ path, headers }: CallInput): boolean {
  return (
    path !== path.trim() ||
    Object.values(headers).some((value) => value.length > 10_000 || /[^ -~]/.test(value))
  );
}

/** What a call came to, by name; what begins with `WRONG` is a finding. */
export function verdict(input: CallInput, end: CallEnd): string {
  if (end.unsendable) return 'not sent';
  if (end.hung) return 'WRONG: neither answered nor ended';
  const own = OWN_REFUSALS.find(({ is }) => is(input, end));
  if (own !== undefined) return own.name;
  if (end.grpcStatus !== undefined) {
    const name = status[end.grpcStatus] ?? `code ${end.grpcStatus}`;
    return PROPER.includes(end.grpcStatus) ? name : `WRONG: ${name}: ${end.message}`;
  }
  if (end.left) return 'left';
  return `WRONG: ended without a status: ${JSON.stringify(end)}`;
}

/** HTTP may refuse as it likes, but not fail: 500 is a fault of ours. */
export function httpVerdict(answer: string): string {
  const statuses = [...answer.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, code]) => Number(code));
  if (statuses.length === 0)
    return answer === '' ? 'http: no answer' : `WRONG: no HTTP: ${answer.slice(0, 80)}`;
  if (/\bat .{1,200}\.js:\d+/.test(answer)) return 'WRONG: a stack trace';
  return statuses.includes(500) ? 'WRONG: http 500' : `http ${Math.max(...statuses)}`;
}
