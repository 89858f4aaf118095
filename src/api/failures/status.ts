import { status } from '@grpc/grpc-js';
import { AccessError, type AccessFailure } from '../../access/access-error.js';
import { ArbiterError, type ArbiterFailure } from '../../arbiter/service-port.js';
import type { FieldViolation } from '../../domain/model/outcomes.js';
import { complaintText, violationsText } from './complaint-text.js';
import { type Complaint, RequestError } from './request-error.js';
import { TransportError, type TransportProblem } from './transport-error.js';

/** How a call ends that gets no answer. The only place that picks status codes. */
export interface Failure {
  readonly code: status;
  /** For a person: what is wrong, and what to do. */
  readonly message: string;
  /** A name of `ErrorReason`, without its prefix. */
  readonly reason?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly violations?: readonly FieldViolation[];
  readonly retryAfterMs?: number;
  /** What HTTP may have a status of its own for. */
  readonly problem?: TransportProblem;
}

/** Codes that answers of the reflection protocol carry within. */
export const NOT_FOUND_CODE: number = status.NOT_FOUND;
export const INVALID_ARGUMENT_CODE: number = status.INVALID_ARGUMENT;
/** How a call ended that got its answer, and one whose client went. */
export const OK_CODE: number = status.OK;
export const CANCELLED_CODE: number = status.CANCELLED;

/** As the protocol names it: `UNAVAILABLE`. */
export function codeName(code: number): string {
  return status[code] ?? String(code);
}

/** Whether an error is this service's fault or its store's, and not the caller's. */
export function isServerFault(code: number): boolean {
  return SERVER_FAULTS.has(code);
}

const SERVER_FAULTS: ReadonlySet<number> = new Set([
  status.UNKNOWN,
  status.INTERNAL,
  status.UNAVAILABLE,
  status.DATA_LOSS,
]);

const SOON_MS = 1_000;
const LATER_MS = 10_000;
const MUCH_LATER_MS = 60_000;

const COMPLAINT_CODES: { readonly [R in Complaint['reason']]: status } = {
  INVALID_FIELD: status.INVALID_ARGUMENT,
  MALFORMED_MESSAGE: status.INVALID_ARGUMENT,
  REPORT_TOO_LARGE: status.INVALID_ARGUMENT,
  UNWORKABLE_POLICY: status.INVALID_ARGUMENT,
  AMOUNT_OVERFLOW: status.INVALID_ARGUMENT,
  BUDGET_NOT_FOUND: status.NOT_FOUND,
  BUDGET_EXISTS: status.ALREADY_EXISTS,
  LEASE_NOT_FOUND: status.NOT_FOUND,
  UNKNOWN_SERVICE: status.NOT_FOUND,
  LEASE_CLOSED: status.FAILED_PRECONDITION,
  ID_REUSED: status.FAILED_PRECONDITION,
  LEASES_LIVE: status.FAILED_PRECONDITION,
  USAGE_REPORTED: status.FAILED_PRECONDITION,
  BELOW_ZERO: status.FAILED_PRECONDITION,
  TOP_UP_NOT_FOUND: status.NOT_FOUND,
  ALERT_NOT_FOUND: status.NOT_FOUND,
  TOO_MANY_TOP_UPS: status.RESOURCE_EXHAUSTED,
  UNIT_IN_USE: status.FAILED_PRECONDITION,
  ETAG_MISMATCH: status.ABORTED,
  SESSION_TAKEN_UP: status.ABORTED,
  STATE_FULL: status.RESOURCE_EXHAUSTED,
  OUTBOX_FULL: status.UNAVAILABLE,
  CLOCK_NOT_TRUSTED: status.UNAVAILABLE,
};

/** What the API calls a reason, where it differs; undefined where it has none. */
const API_REASONS: { readonly [R in Complaint['reason']]?: string | undefined } = {
  OUTBOX_FULL: 'STORE_UNAVAILABLE',
  UNKNOWN_SERVICE: undefined,
};

const COMPLAINT_RETRIES: { readonly [R in Complaint['reason']]?: number } = {
  STATE_FULL: MUCH_LATER_MS,
  OUTBOX_FULL: SOON_MS,
  CLOCK_NOT_TRUSTED: LATER_MS,
};

interface ArbiterAnswer {
  readonly code: status;
  readonly reason?: string;
  readonly retryAfterMs?: number;
}

const ARBITER_ANSWERS: { readonly [F in ArbiterFailure]: ArbiterAnswer } = {
  QUEUE_FULL: { code: status.RESOURCE_EXHAUSTED, reason: 'QUEUE_FULL', retryAfterMs: SOON_MS },
  STORE_UNAVAILABLE: { code: status.UNAVAILABLE, reason: 'STORE_UNAVAILABLE', retryAfterMs: SOON_MS },
  /** The store took offence at a value of the request, which only another value mends. */
  STORE_REFUSED: { code: status.INVALID_ARGUMENT, reason: 'INVALID_FIELD' },
  SHUTTING_DOWN: { code: status.UNAVAILABLE, reason: 'SHUTTING_DOWN', retryAfterMs: SOON_MS },
  CANCELLED: { code: status.CANCELLED },
};

const ACCESS_ANSWERS: { readonly [F in AccessFailure]: ArbiterAnswer } = {
  UNAUTHENTICATED: { code: status.UNAUTHENTICATED, reason: 'UNAUTHENTICATED' },
  PERMISSION_DENIED: { code: status.PERMISSION_DENIED, reason: 'PERMISSION_DENIED' },
  ISSUER_UNAVAILABLE: { code: status.UNAVAILABLE, reason: 'ISSUER_UNAVAILABLE', retryAfterMs: SOON_MS },
};

const TRANSPORT_CODES: { readonly [P in TransportProblem]: status } = {
  HEADER: status.INVALID_ARGUMENT,
  CONTENT_TYPE: status.INVALID_ARGUMENT,
  ENCODING: status.UNIMPLEMENTED,
  METHOD: status.UNIMPLEMENTED,
  CROSS_SITE: status.PERMISSION_DENIED,
  MISDIRECTED: status.PERMISSION_DENIED,
  TOO_LARGE: status.RESOURCE_EXHAUSTED,
  METADATA_TOO_LARGE: status.RESOURCE_EXHAUSTED,
  DEADLINE: status.DEADLINE_EXCEEDED,
};

/** How a call ends that met this error; undefined for one that nobody foresaw. */
export function failureOf(error: unknown): Failure | undefined {
  if (error instanceof RequestError) return complaintFailure(error.complaint);
  if (error instanceof ArbiterError) return arbiterFailure(error);
  if (error instanceof AccessError) return { ...ACCESS_ANSWERS[error.failure], message: error.message };
  if (error instanceof TransportError) {
    const { problem, message } = error;
    const told = { code: TRANSPORT_CODES[problem], message, problem };
    return problem === 'METADATA_TOO_LARGE' ? { ...told, reason: problem } : told;
  }
  return undefined;
}

/** The code that a call ends with by this error. */
export function endCode(error: unknown): number {
  return failureOf(error)?.code ?? status.INTERNAL;
}

/** What a caller may know of an error that nobody foresaw: its id in the log. */
export function unforeseen(errorId: string): Failure {
  const message = `something went wrong here that nobody foresaw; the log has it under the id ${errorId}`;
  return { code: status.INTERNAL, message, metadata: { error_id: errorId } };
}

function complaintFailure(complaint: Complaint): Failure {
  const reason = complaint.reason in API_REASONS ? API_REASONS[complaint.reason] : complaint.reason;
  const retryAfterMs = COMPLAINT_RETRIES[complaint.reason];
  const violations = violationsOf(complaint);
  return {
    code: COMPLAINT_CODES[complaint.reason],
    message: violations !== undefined ? violationsText(complaint, violations) : complaintText(complaint),
    metadata: metadataOf(complaint),
    ...(reason !== undefined && { reason }),
    ...(violations !== undefined && { violations }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}

function arbiterFailure(error: ArbiterError): Failure {
  const answer = ARBITER_ANSWERS[error.failure];
  const retryAfterMs =
    answer.retryAfterMs === undefined ? undefined : (error.retryAfterMs ?? answer.retryAfterMs);
  return { ...answer, message: error.message, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

function violationsOf(complaint: Complaint): readonly FieldViolation[] | undefined {
  switch (complaint.reason) {
    case 'INVALID_FIELD':
    case 'UNWORKABLE_POLICY':
      return complaint.violations;
    case 'REPORT_TOO_LARGE':
      return [{ field: 'usage.tokens', description: complaintText(complaint) }];
    case 'AMOUNT_OVERFLOW':
      return [{ field: complaint.field, description: complaintText(complaint) }];
    default:
      return undefined;
  }
}

function metadataOf(complaint: Complaint): Record<string, string> {
  switch (complaint.reason) {
    case 'BUDGET_NOT_FOUND':
    case 'BUDGET_EXISTS':
      return { budget_id: complaint.budgetId };
    case 'LEASE_NOT_FOUND':
      return { lease_id: complaint.leaseId };
    case 'TOP_UP_NOT_FOUND':
      return { top_up_id: complaint.topUpId };
    case 'ALERT_NOT_FOUND':
      return { alert_id: complaint.alertId };
    case 'USAGE_REPORTED':
    case 'LEASE_CLOSED':
      return { lease_id: complaint.lease.leaseId, state: complaint.lease.status };
    case 'ID_REUSED':
      return { [complaint.field]: complaint.id };
    case 'ETAG_MISMATCH':
      return complaint.current === '' ? {} : { etag: complaint.current };
    case 'LEASES_LIVE':
      return { live_leases: String(complaint.count) };
    case 'REPORT_TOO_LARGE':
      return { charged_tokens: String(complaint.charge), max_report_tokens: String(complaint.limit) };
    case 'UNIT_IN_USE':
      return { unit: complaint.unit };
    default:
      return {};
  }
}
