import { type ServiceError, status } from '@grpc/grpc-js';
import { ErrorInfo, RetryInfo } from '../gen/google/rpc/error_details.js';
import { Status } from '../gen/google/rpc/status.js';
import { secondsOf } from '../time.js';

/** Whoever repeats the call just so may get an answer: the service, or the way to it, is away or has no room. */
const PASSING: ReadonlySet<number> = new Set([
  status.UNAVAILABLE,
  status.DEADLINE_EXCEEDED,
  status.CANCELLED,
  status.RESOURCE_EXHAUSTED,
  status.INTERNAL,
  status.UNKNOWN,
]);

/** A call that ended with an error, alone or within a session. */
export class CallFailure extends Error {
  /** Its class. */
  override readonly name = 'CallFailure';
  /** It never left this process, so it has no effect. */
  isUnsent = false;
  constructor(
    /** The number of the gRPC code. */
    readonly code: number,
    message: string,
    /** The service's own word, such as `LEASE_NOT_FOUND`. */
    readonly reason?: string | undefined,
    /** When the service asks to be asked again. */
    readonly retryAfterMs?: number | undefined,
  ) {
    super(message);
  }

  /** The name of the gRPC code, such as `NOT_FOUND`. */
  get codeName(): string {
    return status[this.code] ?? String(this.code);
  }

  /** The same call may get an answer later. */
  get isPassing(): boolean {
    return PASSING.has(this.code);
  }

  /** Another replica may have what this one lacks. */
  get isAway(): boolean {
    return this.code === status.UNAVAILABLE || this.code === status.DEADLINE_EXCEEDED;
  }
}

export function failureOf(error: unknown): CallFailure {
  if (error instanceof CallFailure) return error;
  const { code, details, metadata } = error as Partial<ServiceError>;
  // Such as a file with the token that is not there yet.
  if (typeof code !== 'number') return new CallFailure(status.UNKNOWN, String(error));
  const [bytes] = metadata?.get('grpc-status-details-bin') ?? [];
  const message = details || String(error);
  return bytes instanceof Buffer
    ? failureFrom(code, message, Status.decode(bytes))
    : new CallFailure(code, message);
}

/** As an answer within a session tells it. */
export function failureFrom(code: number, message: string, { details }: Status): CallFailure {
  let reason: string | undefined;
  let retryAfterMs: number | undefined;
  for (const { typeUrl, value } of details) {
    if (typeUrl.endsWith('/google.rpc.ErrorInfo')) reason = ErrorInfo.decode(value).reason;
    if (!typeUrl.endsWith('/google.rpc.RetryInfo')) continue;
    const { retryDelay } = RetryInfo.decode(value);
    if (retryDelay !== undefined) retryAfterMs = secondsOf(retryDelay) * 1_000;
  }
  return new CallFailure(code, message, reason, retryAfterMs);
}

export function unavailable(message: string): CallFailure {
  return new CallFailure(status.UNAVAILABLE, message);
}
