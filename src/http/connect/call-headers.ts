import type { IncomingMessage } from 'node:http';
import { TransportError } from '../../api/failures/transport-error.js';
import { refuseOtherSites } from '../own-page.js';

export type Format = 'json' | 'proto';

/** What the headers of a call say. */
export interface CallHeaders {
  readonly format: Format;
  /** Absent: the caller waits as long as it takes. */
  readonly timeoutMs?: number;
}

const CONTENT_TYPE = /^application\/(json|proto)(?:\s*;\s*charset="?utf-8"?)?$/i;
const TIMEOUT = /^\d{1,10}$/;

/** Reads the headers of the Connect protocol's unary calls, or throws what is wrong with them. */
export function readHeaders(request: IncomingMessage): CallHeaders {
  refuseOtherSites(request);
  const { headers } = request;
  const format = readFormat(headers['content-type']);
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new TransportError(
      'ENCODING',
      `content-encoding ${quoted(encoding)} is not understood here: send the body as it is, without compression`,
    );
  }
  const version = headers['connect-protocol-version'];
  if (version !== undefined && version !== '1') {
    throw new TransportError('HEADER', 'connect-protocol-version must be 1, or absent');
  }
  return { format, ...readTimeout(headers['connect-timeout-ms']) };
}

function readFormat(type: string | undefined): Format {
  const [, format] = CONTENT_TYPE.exec(type?.trim() ?? '') ?? [];
  if (format !== undefined) return format.toLowerCase() as Format;
  const found = type === undefined ? 'there is none' : `it is ${quoted(type)}`;
  throw new TransportError(
    'CONTENT_TYPE',
    `content-type must be application/json or application/proto; ${found}`,
  );
}

function readTimeout(text: string | string[] | undefined): { timeoutMs?: number } {
  if (text === undefined) return {};
  if (typeof text === 'string' && TIMEOUT.test(text)) return { timeoutMs: Number(text) };
  throw new TransportError(
    'HEADER',
    'connect-timeout-ms must be a whole number of milliseconds, of at most 10 digits',
  );
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}
