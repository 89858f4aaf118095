import { type DescMessage, fromBinary, toJson } from '@bufbuild/protobuf';
import { descriptors } from '../../api/codec/descriptors.js';
import { detailsOf, toldMessage } from '../../api/failures/error-details.js';
import type { Failure } from '../../api/failures/status.js';
import type { TransportProblem } from '../../api/failures/transport-error.js';
import { Content, type HttpResponse } from '../response.js';

/** The Connect protocol's name and HTTP status of each code of gRPC, which is its place in this list. */
const CODES: readonly (readonly [name: string, httpStatus: number])[] = [
  ['ok', 200],
  ['canceled', 499],
  ['unknown', 500],
  ['invalid_argument', 400],
  ['deadline_exceeded', 504],
  ['not_found', 404],
  ['already_exists', 409],
  ['permission_denied', 403],
  ['resource_exhausted', 429],
  ['failed_precondition', 400],
  ['aborted', 409],
  ['out_of_range', 400],
  ['unimplemented', 501],
  ['internal', 500],
  ['unavailable', 503],
  ['data_loss', 500],
  ['unauthenticated', 401],
];
const UNKNOWN = ['unknown', 500] as const;

/** Where HTTP has a status that says more than the code does. */
const STATUSES: { readonly [P in TransportProblem]?: number } = { CONTENT_TYPE: 415, MISDIRECTED: 421 };

/** Codes with which a retry later may help, as HTTP says it, too. */
const RETRIED = [429, 503];

/** A failure in the form of the Connect protocol. */
export function connectError(failure: Failure): HttpResponse {
  const { name, httpStatus } = connectCode(failure);
  const details = detailsOf(failure).map(({ typeUrl, value }) => detail(typeUrl, value));
  const message = toldMessage(failure);
  return {
    status: httpStatus,
    headers: failureHeaders(failure, httpStatus),
    body: connectJson({ code: name, message, ...(details.length === 0 ? {} : { details }) }),
  };
}

/** Clients of the protocol take the type letter by letter, without a charset. */
export function connectJson(value: object): Content {
  return Content.text('application/json', `${JSON.stringify(value)}\n`);
}

export function connectCode({ code, problem }: Failure): {
  readonly name: string;
  readonly httpStatus: number;
} {
  const [name, httpStatus] = CODES[code] ?? UNKNOWN;
  return { name, httpStatus: (problem && STATUSES[problem]) ?? httpStatus };
}

/** What a client that knows HTTP alone can act upon. */
export function failureHeaders(
  { retryAfterMs, problem }: Failure,
  httpStatus: number,
): Record<string, string> {
  const headers: Record<string, string> = {};
  if (problem === 'CONTENT_TYPE') headers['accept-post'] = 'application/json, application/proto';
  if (problem === 'ENCODING') headers['accept-encoding'] = 'identity';
  if (httpStatus === 401) headers['www-authenticate'] = 'Bearer realm="budget-arbiter"';
  if (retryAfterMs !== undefined && RETRIED.includes(httpStatus)) {
    headers['retry-after'] = String(Math.ceil(retryAfterMs / 1_000));
  }
  return headers;
}

/** `value` is for programs, `debug` says the same to a person. */
function detail(typeUrl: string, bytes: Uint8Array): object {
  const type = typeUrl.slice(typeUrl.lastIndexOf('/') + 1);
  const value = Buffer.from(bytes).toString('base64').replace(/=+$/, '');
  const schema: DescMessage | undefined = descriptors().getMessage(type);
  return { type, value, ...(schema && { debug: toJson(schema, fromBinary(schema, bytes)) }) };
}
