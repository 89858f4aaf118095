import { SlotLost } from '../errors.js';

/**
 * What an error says of the vendor: it refused (and charged nothing); it was never reached; the call broke on its way, or was
 * cancelled, and nobody knows what it cost; or the error is the caller's own.
 */
export type Blame = 'refused' | 'unreached' | 'broken' | 'own';

const UNREACHED =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|UND_ERR_CONNECT_TIMEOUT|CERT_.*|.*_CERT.*|ERR_TLS_.*|ERR_SSL_.*)$/;
const BROKEN_CODES =
  /^(ECONNRESET|EPIPE|ETIMEDOUT|ECONNABORTED|ERR_STREAM_PREMATURE_CLOSE|UND_ERR_.*|ABORT_ERR)$/;
const BROKEN_NAMES =
  /^(AbortError|TimeoutError|APIUserAbortError|APIConnectionTimeoutError|APIConnectionError)$/;
/** Errors carry the one that caused them, some many of them. */
const DEEPEST = 8;

interface Told {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  readonly status?: unknown;
  readonly statusCode?: unknown;
  readonly response?: { readonly status?: unknown };
  readonly cause?: unknown;
  readonly lastError?: unknown;
  readonly errors?: unknown;
}

export function blameOf(error: unknown): Blame {
  const chain = chainOf(error);
  if (chain.some(isRefusal)) return 'refused';
  if (chain.some(isUnreached)) return 'unreached';
  return chain.some(isBroken) ? 'broken' : 'own';
}

function isRefusal({ status, statusCode, response }: Told): boolean {
  return [status, statusCode, response?.status].some((code) => typeof code === 'number' && code >= 400);
}

function isUnreached({ code, message }: Told): boolean {
  // undici will not even try some ports.
  return (typeof code === 'string' && UNREACHED.test(code)) || message === 'bad port';
}

function isBroken(error: Told): boolean {
  const { code, message } = error;
  const name = String(error.name ?? (error as Error).constructor?.name);
  if (error instanceof SlotLost || BROKEN_NAMES.test(name)) return true;
  // The SDKs' classes go by the name `Error`.
  if (BROKEN_NAMES.test((error as Error).constructor?.name ?? '')) return true;
  if (typeof code === 'string' && BROKEN_CODES.test(code)) return true;
  // undici's words for a connection that broke, before and within the answer.
  if (error instanceof TypeError && (message === 'terminated' || message === 'fetch failed')) return true;
  // An error within a stream: the SDKs' class for answers, but without a status.
  return 'status' in error && error.status === undefined;
}

function chainOf(error: unknown): readonly Told[] {
  const chain: Told[] = [];
  let level: unknown[] = [error];
  for (let depth = 0; depth < DEEPEST && level.length > 0; depth += 1) {
    const told = level.filter((each): each is Told => typeof each === 'object' && each !== null);
    chain.push(...told);
    level = told.flatMap(({ cause, lastError, errors }) => [
      cause,
      lastError,
      ...(Array.isArray(errors) ? errors : []),
    ]);
  }
  return chain;
}
